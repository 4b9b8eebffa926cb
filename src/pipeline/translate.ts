import type { Note } from "../core/note.ts";
import type { ModelRequest } from "../core/request.ts";
import { type Defaults, withDefaults } from "./defaults.ts";
import type { ReadOptions } from "./read.ts";
import { ToolNames } from "./tool-names.ts";
import type { Vault } from "./vault.ts";

/** A request as its target's adapter is to see it. */
export interface Translated {
  asked: ModelRequest;
  /** Of a request whose tools were renamed. */
  names: ToolNames | undefined;
}

/** For whom a request is translated, and what else is known of it. */
export interface Translation extends Pick<ReadOptions, "adapter" | "profile"> {
  defaults?: Defaults;
  /** State that the client could not keep. */
  vault?: Vault;
}

/**
 * A request of the backend's own dialect stays as it is; of any other its prompt is made fit for the backend, and what was
 * dropped in reading it is noted. Throws `invalid_request`.
 */
export function translated(
  request: ModelRequest,
  { adapter, profile, defaults = {}, vault }: Translation,
  notes: Note[],
): Translated {
  const { dialect } = adapter;
  if (request.operation === "embeddings" || request.dialect === dialect)
    return { asked: request, names: undefined };
  const read = withDefaults(request.prompt(), defaults);
  notes.push(...read.notes);
  const items = vault ? [...vault.giveBack(request.owner ?? "", read.items, dialect)] : read.items;
  const forms = dialect === "openai-responses" ? "namespaces" : profile.tools;
  const whole = { ...read, items };
  const names = ToolNames.of(whole, { forms, dialect }, notes);
  const prompt = names?.prompt ?? whole;
  return { asked: { ...request, prompt: () => prompt }, names };
}
