import type { Dialect } from "../core/dialect.ts";
import type { Failure } from "../core/failure.ts";

/** What a client gets for a failure, as long as nothing has been sent. */
export interface ErrorAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** Who asked: the dialect of the route, and the id of the request. */
export interface Asker {
  readonly id: string;
  readonly dialect: Dialect;
}

/** A model is read from the disk in seconds, or in minutes; asking again is cheap. */
const LOADING_SECONDS = "2";

/** Headers of an error answer, whatever its dialect. */
export function errorHeaders({ code, detail }: Failure, status: number): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  const retryAfter = detail.retryAfter ?? (code === "model_loading" ? LOADING_SECONDS : undefined);
  if (retryAfter !== undefined) headers["retry-after"] = retryAfter;
  if (status === 401) headers["www-authenticate"] = "Bearer";
  return headers;
}
