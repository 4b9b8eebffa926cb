import type { Answer, AnswerPart } from "../../core/answer.ts";
import type { JsonRecord } from "../../core/json.ts";
import { endingOf } from "./form.ts";
import { citation, type OutputItems, RESPONSES, tokenLogprobs } from "./items.ts";
import { openCall, openWords } from "./open-items.ts";
import type { ResponseRecord } from "./record.ts";

/** A whole answer as a response, JSON; it is kept when this returns. Of several choices the first one. */
export function writeResponse(answer: Answer, record: ResponseRecord): string {
  const [choice] = answer.choices;
  const { status, incomplete } = endingOf(choice?.finish ?? "stop");
  const parts = choice?.parts ?? [];
  // Nobody says which part they belong to; nearly every answer has one.
  let logprobs = tokenLogprobs(choice?.logprobs);
  for (const [at, part] of parts.entries()) {
    const cut = status === "incomplete" && at === parts.length - 1;
    addPart(record.items, part, { status: cut ? "incomplete" : "completed", logprobs });
    if (part.kind === "text") logprobs = [];
  }
  record.begin(answer.created);
  return record.complete({
    status,
    ...(incomplete === undefined ? {} : { incomplete }),
    usage: answer.usage,
    extra: answer.extra,
  });
}

interface Beside {
  status: "completed" | "incomplete";
  logprobs: JsonRecord[];
}

function addPart(items: OutputItems, part: AnswerPart, { status, logprobs }: Beside): void {
  if (part.kind === "foreign") {
    if (part.dialect === RESPONSES) items.add(part.value);
    return;
  }
  if (part.kind === "tool") {
    items.addState(part.opaque);
    const call = openCall(items, { ...part, kind: part.tool });
    call.words.push(part.args);
    call.finish(status);
    return;
  }
  const open = openWords(items, part);
  open.words.push(part.text);
  open.opaque.push(...part.opaque);
  if (part.kind === "text") open.logprobs.push(...logprobs);
  for (const annotation of part.annotations) {
    const cited = citation(annotation);
    if (cited) open.citations.push(cited);
  }
  open.finish(status);
}
