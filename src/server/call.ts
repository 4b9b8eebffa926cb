import type { Failure } from "../core/failure.ts";
import type { Dialect } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import type { Log, Outcome, RequestLine } from "./log.ts";

/** A client's own request id is kept when it can stand in a header and a log line. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** One request from its arrival to its line in the log. */
export class Call {
  readonly id: string;
  readonly request: Request;
  /** The dialect of the route: what its errors are written in. */
  readonly dialect: Dialect;
  /** Headers of every answer to it: its id, and what a browser must be told. */
  readonly headers: Record<string, string>;
  readonly #log: Log;
  readonly #began = performance.now();
  readonly #line: Partial<RequestLine> = {};
  #finished = false;
  readonly #then: (() => void)[] = [];

  constructor(request: Request, log: Log, corsHeaders: Readonly<Record<string, string>> | undefined) {
    const sent = request.headers.get("x-request-id");
    this.id = sent !== null && REQUEST_ID.test(sent) ? sent : crypto.randomUUID();
    this.request = request;
    this.dialect = dialectOf(pathOf(request.url), request.headers);
    this.headers = { "x-request-id": this.id, ...corsHeaders };
    // The name that Anthropic's clients read it by.
    if (this.dialect === "anthropic") this.headers["request-id"] = this.id;
    this.#log = log;
  }

  /** Adds what has become known. */
  note(facts: Partial<RequestLine>): void {
    Object.assign(this.#line, facts);
  }

  /** It goes to this backend, for the model of this name: every answer says so from now on, failures too. */
  routedTo(backend: string, model: string): void {
    this.headers["x-fairlead-backend"] = backend;
    this.note({ backend, model });
  }

  /** The first token went out. */
  firstToken(): void {
    this.#line.ttftMs ??= performance.now() - this.#began;
  }

  count({ input, output, estimated }: Usage): void {
    this.note({ inputTokens: input, outputTokens: output, ...(estimated ? { estimated } : {}) });
  }

  /** Runs `then` once the answer is decided, however it ends. */
  onFinish(then: () => void): void {
    this.#then.push(then);
  }

  /** Writes the request's one line; later calls do nothing. */
  finish(status: number, failure?: Failure): void {
    if (this.#finished) return;
    this.#finished = true;
    for (const then of this.#then) then();
    this.#log.request({
      id: this.id,
      method: this.request.method,
      path: pathOf(this.request.url),
      status,
      outcome: outcomeOf(status, failure),
      durationMs: performance.now() - this.#began,
      ...this.#line,
      ...(failure ? { failure: failure.code, cause: failure.cause } : {}),
    });
  }
}

/** The calls under way, by their request: the hooks and the handler of one request meet here. */
export class Calls {
  readonly #log: Log;
  readonly #ownerOf: (headers: Headers) => string;
  readonly #calls = new WeakMap<Request, Call>();

  /** `ownerOf` tells whose a request is that has passed the check of keys. */
  constructor(log: Log, ownerOf: (headers: Headers) => string) {
    this.#log = log;
    this.#ownerOf = ownerOf;
  }

  begin(request: Request, corsHeaders: Readonly<Record<string, string>> | undefined): Call {
    const call = new Call(request, this.#log, corsHeaders);
    this.#calls.set(request, call);
    return call;
  }

  /** Whose it is: see `ownerOf` in keys.ts. */
  ownerOf({ headers }: Request): string {
    return this.#ownerOf(headers);
  }

  of(request: Request): Call {
    return this.#calls.get(request) ?? this.begin(request, undefined);
  }
}

function outcomeOf(status: number, failure: Failure | undefined): Outcome {
  // A status without a failure is the answer that was meant: of a custom endpoint, or to "are you ready?".
  if (!failure) return "ok";
  if (failure.code === "cancelled") return "cancelled";
  if (failure.code === "upstream_truncated") return "truncated";
  return status >= 400 && status < 500 ? "rejected" : "failed";
}

/**
 * Errors are written in the dialect of the route, also before it is known whether there is such a route. OpenAI and
 * Anthropic have the route of the models in common; only a client of Anthropic's says for which version of its API it is.
 */
function dialectOf(path: string, headers: Headers): Dialect {
  if (path === "/v1/messages" || path.startsWith("/v1/messages/")) return "anthropic";
  if ((path === "/v1/models" || path.startsWith("/v1/models/")) && headers.has("anthropic-version"))
    return "anthropic";
  if (path.startsWith("/api/")) return "ollama";
  return path.startsWith("/v1/responses") ? "openai-responses" : "openai";
}

/** Without `new URL`: a request for a strange Host has an address that is not one. */
export function pathOf(url: string): string {
  const scheme = url.indexOf("://");
  const start = url.indexOf("/", scheme === -1 ? 0 : scheme + 3);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}
