import type { Dialect } from "../core/dialect.ts";

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
