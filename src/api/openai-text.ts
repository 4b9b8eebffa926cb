import type { Answer, AnswerChoice } from "../core/answer.ts";
import type { JsonRecord } from "../core/json.ts";
import type { Operation } from "../core/request.ts";
import type { TextApi } from "./api.ts";
import type { BodyCheck } from "./body.ts";
import { routingFields } from "./openai-fields.ts";
import { type ChunkShape, ChunkWriter } from "./openai-stream.ts";
import { usageMark, writeUsage } from "./openai-usage.ts";

/** What OpenAI's two text apis, chat and completions, do differently. */
export interface TextShape {
  operation: Operation;
  check: BodyCheck;
  /** `object` of a whole answer. */
  object: string;
  /** A choice of a whole answer, without what both write. */
  choice(choice: AnswerChoice): JsonRecord;
  chunks: ChunkShape;
}

/** The api that both are made of. */
export function openaiText({ operation, check, object, choice, chunks }: TextShape): TextApi {
  return {
    read(body, id) {
      check.check(body);
      return { id, operation, dialect: "openai", body, ...routingFields(body) };
    },
    stream: (options) => new ChunkWriter(chunks, options),
    answer: (answer, model) => writeAnswer(answer, { object, model, choice }),
  };
}

function writeAnswer(answer: Answer, as: Pick<TextShape, "object" | "choice"> & { model: string }): string {
  const { id, created, usage, extra } = answer;
  const { object, model } = as;
  const choices = answer.choices.map((choice) => ({ ...as.choice(choice), ...ending(choice) }));
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

function ending({ logprobs, finish, raw, extra }: AnswerChoice): JsonRecord {
  return {
    logprobs: logprobs ?? null,
    finish_reason: finish === "other" ? (raw ?? "stop") : finish,
    ...extra,
  };
}
