import type { Failure } from "../../core/failure.ts";
import type { Asker, ErrorAnswer } from "../error-answer.ts";
import { openaiError } from "../openai/error.ts";

/**
 * The whole answer, as long as nothing has been sent. Ollama's own statuses (400, 404, 500, 503) mean what OpenAI's do;
 * where it has none for something, OpenAI's tells its clients more than a 500 would.
 */
export function ollamaError(failure: Failure, _asker: Asker): ErrorAnswer {
  const { status, headers } = openaiError(failure);
  return { status, headers, body: ollamaErrorBody(failure) };
}

/** Ollama's error object, which is also the last line of a stream that failed: its clients throw the text. */
export function ollamaErrorBody(failure: Failure): string {
  return JSON.stringify({ error: messageOf(failure) });
}

function messageOf({ code, message, detail }: Failure): string {
  const { promptTokens, contextTokens } = detail;
  if (code !== "context_length_exceeded" || promptTokens === undefined || contextTokens === undefined)
    return message;
  const told = [promptTokens, contextTokens].every((count) => message.includes(String(count)));
  return told ? message : `${message} (${promptTokens} tokens, and there is room for ${contextTokens})`;
}
