import { BUILT_IN_ROUTES } from "../core/built-in-routes.ts";
import type { EndpointConfig } from "./config.ts";
import { formatPath, Refusal, type Path } from "./problems.ts";
import type { Reading } from "./reading.ts";
import { overlaps, routeShape } from "./routes.ts";
import type { EndpointTable } from "./schema.ts";

/** The [[endpoints]] of one file. */
export interface EndpointSource {
  reading: Reading;
  endpoints: EndpointTable[];
}

/** Checks the endpoints of all files against each other and against the program's own routes. */
export function buildEndpoints(sources: readonly EndpointSource[]): EndpointConfig[] {
  const taken = new Map<string, string>();
  return sources.flatMap(({ reading, endpoints }) =>
    endpoints.map((endpoint) => {
      const at = reading.placeOf(endpoint);
      checkRoute(endpoint, at, reading, taken);
      checkAnswer(endpoint, at, reading);
      return build(endpoint);
    }),
  );
}

function checkRoute(endpoint: EndpointTable, at: Path, reading: Reading, taken: Map<string, string>): void {
  const here = [...at, "path"];
  const { method, path } = endpoint;
  const own = BUILT_IN_ROUTES.find(
    (route) => !route.yields && route.method === method && overlaps(route.path, path),
  );
  if (own) {
    const hint = own.path === path ? "choose another path" : `both would answer some of the same addresses`;
    reading.report(
      here,
      new Refusal(`${method} ${path} clashes with the built-in ${own.method} ${own.path}`, hint),
    );
  }
  const shape = `${method} ${routeShape(path)}`;
  const first = taken.get(shape);
  if (first !== undefined) reading.report(here, new Refusal(`${method} ${path} is already taken`, first));
  else taken.set(shape, `by ${formatPath(at)} at ${reading.file}:${reading.locations.line(here)}`);
}

function checkAnswer(endpoint: EndpointTable, at: Path, reading: Reading): void {
  const { status, response, body } = endpoint;
  if (status < 200) {
    reading.report(
      [...at, "status"],
      new Refusal(
        `a server cannot send ${status} as its answer: a client waits for the final one`,
        "200 to 599",
      ),
    );
  }
  if (response !== undefined && body !== undefined) {
    reading.report(at, new Refusal("has both response and body", "keep one: response is JSON, body is text"));
  }
  const unread = reading.failed([...at, "response"]) || reading.failed([...at, "body"]);
  if (response === undefined && body === undefined && !unread) {
    reading.report(
      at,
      new Refusal("has no answer", 'write response = { ... } (JSON) or body = "..." (text)'),
    );
  }
  // RFC 9110: these never have content; a server that sends some breaks the connection's framing.
  if ([204, 205, 304].includes(status) && (response !== undefined || (body ?? "") !== "")) {
    reading.report(
      [...at, "status"],
      new Refusal(`an answer of status ${status} has no content`, 'write body = ""'),
    );
  }
}

function build(endpoint: EndpointTable): EndpointConfig {
  const isJson = endpoint.response !== undefined;
  return {
    method: endpoint.method,
    path: endpoint.path,
    status: endpoint.status,
    headers: endpoint.headers,
    contentType: endpoint.content_type ?? (isJson ? "application/json" : "text/plain; charset=utf-8"),
    body: isJson ? JSON.stringify(endpoint.response) : (endpoint.body ?? ""),
    description: endpoint.description,
  };
}
