import { isRecord } from "../../core/json.ts";
import { countOf, fieldsOf } from "../../core/lenient.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { TextRequest } from "../../core/request.ts";
import type { Destination } from "../adapter.ts";
import { Draft } from "../draft.ts";
import { abilitiesOf } from "./abilities.ts";
import { lacksThoughts } from "./conversation.ts";
import { blocksIn, repairedHistory } from "./history.ts";
import { samplingRule } from "./sampling.ts";
import { usualOutput } from "./wishes.ts";

/** A Messages request with as few of the client's bytes changed as can be. */
export function writeOwn({ body, stream }: TextRequest, to: Destination, notes: Note[]): Uint8Array[] {
  const draft = new Draft(body);
  addDefaults(draft, to);
  draft.set("model", to.model);
  if ((draft.value("stream") ?? false) !== stream) draft.set("stream", stream);
  if (!draft.has("max_tokens")) draft.set("max_tokens", lengthOf(draft, to));
  repairMessages(draft, notes);
  return draft.pieces();
}

/** A default is nobody's wish: where it would be refused it is left out, and nobody is told. */
function addDefaults(draft: Draft, to: Destination): void {
  const { defaults } = to;
  const add = (name: string, value: unknown) => {
    if (value !== undefined && value !== null && !draft.has(name)) draft.set(name, value);
  };
  const { stop } = defaults;
  if (stop !== undefined) add("stop_sequences", Array.isArray(stop) ? stop : [stop]);
  const thinking = draft.value("thinking");
  const thinks = isRecord(thinking) && thinking.type !== "disabled";
  const rule = samplingRule(to);
  if (thinks || rule === "none") return;
  const { temperature } = defaults;
  if (rule === "all" || !draft.has("top_p"))
    add("temperature", typeof temperature === "number" ? Math.min(1, temperature) : undefined);
  if (rule === "all" || !draft.has("temperature")) add("top_p", defaults.top_p);
  add("top_k", defaults.top_k);
}

/** The alias' limit, or the usual one; a budget for thinking must fit into it. */
function lengthOf(draft: Draft, to: Destination): number {
  const { max_completion_tokens: newer, max_tokens: older } = to.defaults;
  const most = [newer, older].find((limit) => typeof limit === "number" && limit > 0);
  const limit = typeof most === "number" ? most : usualOutput(abilitiesOf(to));
  const budget = countOf(fieldsOf(draft.value("thinking")).budget_tokens) ?? 0;
  return budget < limit ? limit : budget + limit;
}

function repairMessages(draft: Draft, notes: Note[]): void {
  const messages = repairedHistory(draft.body);
  if (!messages) return;
  draft.set("messages", messages);
  const thinking = draft.value("thinking");
  // The adaptive kind does without them.
  if (!isRecord(thinking) || thinking.type !== "enabled" || !lacksThoughts(blocksIn(messages))) return;
  draft.remove("thinking");
  notes.push(
    dropped("thinking", ": this model needs the turn's earlier thoughts for it, signed by its vendor"),
  );
}
