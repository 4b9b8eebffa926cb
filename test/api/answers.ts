import type { Answer, AnswerChoice } from "../../src/core/answer.ts";
import type { JsonRecord } from "../../src/core/json.ts";

/** A whole answer with one choice, and no more in it than the parts say. */
export function answer(choice: Partial<AnswerChoice> = {}, parts: Partial<Answer> = {}): Answer {
  return {
    id: "x-1",
    created: 3,
    choices: [choiceOf(choice)],
    usage: { input: 1, output: 2 },
    extra: {},
    ...parts,
  };
}

export function choiceOf(parts: Partial<AnswerChoice>): AnswerChoice {
  return {
    index: 0,
    text: "",
    reasoning: "",
    refusal: "",
    toolCalls: [],
    logprobs: undefined,
    finish: "stop",
    extra: {},
    messageExtra: {},
    ...parts,
  };
}

export const parsed = (text: string) => JSON.parse(text) as JsonRecord;
