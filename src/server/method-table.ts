import { Failure } from "../core/failure.ts";
import { type Call, pathOf } from "./call.ts";
import { failureAnswer } from "./respond.ts";

/** Which methods a path knows: asked only when no route matched, to tell a wrong method from an unknown address. */
export class MethodTable {
  readonly #routes: { pattern: RegExp; method: string }[];

  constructor(routes: readonly { method: string; path: string }[]) {
    this.#routes = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  }

  /** 405 with the methods there are, or 404. */
  answer(call: Call): Response {
    const { method, url } = call.request;
    const path = pathOf(url);
    const allowed = this.#methodsOf(path);
    if (allowed.size === 0) {
      // A base URL without its /v1 is what goes wrong most.
      const hint = this.#methodsOf(`/v1${path}`).has(method) ? ` Did you mean /v1${path.slice(0, 200)}?` : "";
      const text = `Unknown request URL: ${method} ${path.slice(0, 200)}.${hint}`;
      return failureAnswer(call, new Failure("not_found", text));
    }
    if (allowed.has("GET")) allowed.add("HEAD");
    const names = [...allowed].join(", ");
    call.headers.allow = names;
    return failureAnswer(
      call,
      new Failure("method_not_allowed", `This address takes ${names}, not ${method}.`),
    );
  }

  #methodsOf(path: string): Set<string> {
    return new Set(this.#routes.filter(({ pattern }) => pattern.test(path)).map((route) => route.method));
  }
}

function patternOf(path: string): RegExp {
  const source = path
    .split("/")
    .map((part) =>
      part === "*" ? ".+" : part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    )
    .join("/");
  return new RegExp(`^${source}$`);
}
