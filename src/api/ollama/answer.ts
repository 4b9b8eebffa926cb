import { type Answer, type AnswerChoice, callsOf, emptyChoice, wordsOf } from "../../core/answer.ts";
import { innerJson } from "../json-text.ts";
import { usageMark } from "../usage-mark.ts";
import { callJson, doneReason, lineHead, type LineShape, logprobsOf, SILENCE } from "./lines.ts";
import type { Stopwatch } from "./time.ts";

/** How an answer is to be written. */
export interface Form {
  shape: LineShape;
  model: string;
  watch: Stopwatch;
}

/** A whole answer as one document. There is no place for a second choice. */
export function writeAnswer({ choices, usage, extra }: Answer, { shape, model, watch }: Form): string {
  const choice = choices[0] ?? emptyChoice(0);
  const logprobs = logprobsOf(choice.logprobs);
  const fields = {
    done_reason: doneReason(choice.finish, choice.raw),
    ...watch.ending(usage),
    ...usageMark(usage),
    ...(logprobs.length > 0 ? { logprobs } : {}),
    ...extra,
  };
  return `${lineHead(model)}${watch.stamp()}",${message(choice, shape)},"done":true${innerJson(fields)}}`;
}

/** The answer to a request that asks for no words: the model is in memory now (`load`), or is no more. */
export function writeErrand(errand: string, { shape, model, watch }: Form): string {
  const { before, after } = shape;
  return `${lineHead(model)}${watch.stamp()}",${before}${SILENCE}${after},"done":true,"done_reason":"${errand}"}`;
}

/** A refusal is words here: Ollama has no other place for it. */
function message(choice: AnswerChoice, { before, after }: LineShape): string {
  const content = JSON.stringify(wordsOf(choice, "text") + wordsOf(choice, "refusal"));
  const thinking = wordsOf(choice, "reasoning");
  const calls = callsOf(choice).map(callJson);
  const thought = thinking === "" ? "" : `,"thinking":${JSON.stringify(thinking)}`;
  const called = calls.length === 0 ? "" : `,"tool_calls":[${calls.join(",")}]`;
  return `${before}${content}${thought}${called}${innerJson(choice.messageExtra)}${after}`;
}
