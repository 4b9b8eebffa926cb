import type { Failure } from "../core/failure.ts";
import type { Asker, ErrorAnswer } from "./error-answer.ts";
import { anthropicError } from "./messages/error.ts";
import { ollamaError } from "./ollama/error.ts";
import { openaiError } from "./openai/error.ts";

/** A failure in the words of the client's own dialect. */
export function errorAnswer(failure: Failure, asker: Asker): ErrorAnswer {
  if (asker.dialect === "anthropic") return anthropicError(failure, asker);
  if (asker.dialect === "ollama") return ollamaError(failure, asker);
  return openaiError(failure);
}
