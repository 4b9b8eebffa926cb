import type { Failure } from "../../core/failure.ts";
import type { JsonRecord } from "../../core/json.ts";
import { errorFields } from "../openai/error.ts";

/** The fields of an `error` event: flat, unlike those of an error answer. */
export function errorEventFields(failure: Failure): JsonRecord {
  const { code, message, param } = errorFields(failure);
  return { code, message, param };
}

/**
 * The error of a failed response. Typed clients know only the codes of OpenAI's list; `context_length_exceeded` is not
 * among them, but at that one Codex gives up instead of asking again.
 */
export function responseError({ code, message }: Failure): { code: string; message: string } {
  return { code: CODES[code] ?? "server_error", message };
}

const CODES: Readonly<Partial<Record<Failure["code"], string>>> = {
  context_length_exceeded: "context_length_exceeded",
  rate_limited: "rate_limit_exceeded",
  insufficient_quota: "rate_limit_exceeded",
  invalid_request: "invalid_prompt",
  unsupported: "invalid_prompt",
  upstream_rejected: "invalid_prompt",
};
