import { isRecord, type JsonRecord } from "../../core/json.ts";
import { isFramed } from "../../core/opaque.ts";
import type { RawObject, TextRequest } from "../../core/request.ts";
import { bufferOf } from "../../wire/json.ts";
import type { Destination } from "../adapter.ts";
import { Draft } from "../draft.ts";
import { isPlain, isReasoner } from "../reasoners.ts";

/** The value of `include` that asks for the reasoning itself, sealed: nothing is kept at the vendor. */
export const ENCRYPTED = "reasoning.encrypted_content";

/**
 * A Responses request with as few of the client's bytes changed as can be. State is kept here, not at the vendor: a
 * conversation may go on at another backend, or after a restart of this one.
 */
export function writeOwn({ body, stream }: TextRequest, to: Destination): Uint8Array[] {
  const draft = new Draft(body);
  addDefaults(draft, to);
  draft.set("model", to.model);
  draft.set("store", false);
  draft.remove("previous_response_id");
  if (draft.has("stream") && draft.value("stream") !== stream) draft.set("stream", stream);
  const include = draft.value("include");
  const wanted: unknown[] = Array.isArray(include) ? include : [];
  // Models that do not reason answer it with an error.
  if (isReasoner(to) && !wanted.includes(ENCRYPTED)) draft.set("include", [...wanted, ENCRYPTED]);
  const input = withoutForeignState(body);
  if (input) draft.set("input", input);
  return draft.pieces();
}

/** An alias' defaults have the names of chat. What Responses has no field for is nobody's wish, and is left out. */
function addDefaults(draft: Draft, to: Destination): void {
  for (const [name, value] of Object.entries(to.defaults)) {
    const own = OWN_NAMES.get(name);
    if (own !== undefined && !draft.has(own)) draft.set(own, value);
  }
  const { reasoning_effort: effort } = to.defaults;
  if (typeof effort === "string" && !isPlain(to) && !draft.has("reasoning"))
    draft.set("reasoning", { effort });
}

/** Defaults that Responses has too, and what it calls them. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([
  ["max_tokens", "max_output_tokens"],
  ["max_completion_tokens", "max_output_tokens"],
  ...["temperature", "top_p", "parallel_tool_calls", "service_tier", "user"].map(
    (name) => [name, name] as const,
  ),
]);

/**
 * The input without the reasoning that this vendor could not know again: what another one sealed, and what nobody did, for
 * nothing is kept there under its id. Undefined: there is none.
 */
function withoutForeignState(body: RawObject): unknown[] | undefined {
  if (!bufferOf(body).includes('"reasoning"')) return undefined;
  const input = body.value("input");
  if (!Array.isArray(input)) return undefined;
  const kept = input.filter((item) => !isRecord(item) || item.type !== "reasoning" || isOwn(item));
  return kept.length < input.length ? kept : undefined;
}

function isOwn({ encrypted_content: sealed }: JsonRecord): boolean {
  return typeof sealed === "string" && sealed !== "" && !isFramed(sealed);
}
