import type { Answer, AnswerChoice, AnswerToolCall, WordsPart } from "../../src/core/answer.ts";
import type { PartKind } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";

/** A choice by what it says: thoughts, words, a refusal and calls, in this order; or its own `parts`. */
export type Said = Partial<AnswerChoice & Record<PartKind, string> & { calls: Partial<AnswerToolCall>[] }>;

/** A whole answer with one choice, and no more in it than the parts say. */
export function answer(choice: Said = {}, parts: Partial<Answer> = {}): Answer {
  return {
    id: "x-1",
    created: 3,
    choices: [choiceOf(choice)],
    usage: { input: 1, output: 2 },
    extra: {},
    ...parts,
  };
}

export function choiceOf({ text, reasoning, refusal, calls = [], ...choice }: Said): AnswerChoice {
  const words = [wordsPart("reasoning", reasoning), wordsPart("text", text), wordsPart("refusal", refusal)];
  return {
    index: 0,
    parts: [...words.filter((part) => part !== undefined), ...calls.map(callPart)],
    logprobs: undefined,
    finish: "stop",
    extra: {},
    messageExtra: {},
    ...choice,
  };
}

export function wordsPart(kind: PartKind, text: string): WordsPart;
export function wordsPart(kind: PartKind, text: string | undefined): WordsPart | undefined;
export function wordsPart(kind: PartKind, text: string | undefined): WordsPart | undefined {
  return text === undefined ? undefined : { kind, text, annotations: [], opaque: [] };
}

export function callPart(call: Partial<AnswerToolCall>): AnswerToolCall {
  return { kind: "tool", tool: "function", id: "a", name: "now", args: "{}", opaque: [], ...call };
}

export const parsed = (text: string) => JSON.parse(text) as JsonRecord;
