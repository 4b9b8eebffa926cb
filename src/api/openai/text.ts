import type { Answer, AnswerChoice } from "../../core/answer.ts";
import type { JsonRecord } from "../../core/json.ts";
import { once } from "../../core/once.ts";
import type { Prompt } from "../../core/prompt.ts";
import type { RawObject, TextRequest } from "../../core/request.ts";
import { type AnswerOptions, EVENT_STREAM, type TextApi } from "../api.ts";
import type { BodyCheck } from "../body.ts";
import { usageMark } from "../usage-mark.ts";
import { routingFields } from "./routing.ts";
import { type ChunkShape, ChunkWriter } from "./stream.ts";
import { writeUsage } from "./usage.ts";

/** What OpenAI's two text apis, chat and completions, do differently. */
export interface TextShape {
  operation: TextRequest["operation"];
  check: BodyCheck;
  /** The body in no dialect's words. */
  prompt(body: RawObject): Prompt;
  /** `object` of a whole answer. */
  object: string;
  /** A choice of a whole answer, but for what both write. */
  choice(choice: AnswerChoice, options: AnswerOptions): JsonRecord;
  /** One for each answer, which it may remember things of. */
  chunks(options: AnswerOptions): ChunkShape;
}

/** The api that both are made of. */
export function openaiText({ operation, check, prompt, object, choice, chunks }: TextShape): TextApi {
  return {
    streamType: EVENT_STREAM,
    read(body, id) {
      check.check(body);
      const dialect = "openai";
      return {
        id,
        operation,
        dialect,
        answerDialect: dialect,
        body,
        ...routingFields(body),
        prompt: once(() => prompt(body)),
      };
    },
    stream: (options) => new ChunkWriter(chunks(options), options),
    answer: (answer, options) => writeAnswer(answer, { object, choice }, options),
  };
}

function writeAnswer(
  answer: Answer,
  { object, choice }: Pick<TextShape, "object" | "choice">,
  options: AnswerOptions,
): string {
  const { id, created, usage, extra } = answer;
  const { model } = options;
  const choices = answer.choices.map((one) => ({ ...choice(one, options), ...ending(one) }));
  return JSON.stringify({
    id,
    object,
    created,
    model,
    choices,
    usage: writeUsage(usage),
    ...extra,
    ...usageMark(usage),
  });
}

function ending({ logprobs, extra }: AnswerChoice): JsonRecord {
  return { logprobs: logprobs ?? null, ...extra };
}
