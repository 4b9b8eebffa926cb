import { Failure } from "../../core/failure.ts";
import { readFailure } from "../failure.ts";

/** What Anthropic says in words of its own, where others have a code. */
export function readAnthropicFailure(
  status: number,
  body: string,
  headers: ReadonlyMap<string, string>,
): Failure {
  const failure = readFailure(status, body, headers);
  const { message, detail } = failure;
  // All that is said of an unknown model is "model: NAME".
  if (status === 404 && /^model\b/.test(message))
    return new Failure("model_not_found", `The backend has no such model (${message}).`, {
      ...detail,
      param: "model",
    });
  if (/credit balance is too low/i.test(message)) return new Failure("insufficient_quota", message, detail);
  return failure;
}
