import type { AnyElysia } from "elysia";
import type { EndpointConfig } from "../config/config.ts";
import { overlaps } from "../config/routes.ts";
import { FRAMING_HEADERS } from "../core/headers.ts";

/**
 * Adds the user's own routes to `app`; each appears in openapi.json under the tag `custom`. `finish` gets every answer on
 * its way out.
 */
export function mountEndpoints(
  app: AnyElysia,
  endpoints: readonly EndpointConfig[],
  finish: (request: Request, answer: Response) => Response = (_request, answer) => answer,
): void {
  for (const endpoint of endpoints) {
    const { method, path } = endpoint;
    const answer = endpointResponse(endpoint);
    app.route(method, path, ({ request }) => finish(request, answer()), {
      parse: "none",
      detail: detailOf(endpoint),
    });
  }
}

/** Does an endpoint of the user's answer some of this route's addresses? A built-in route that yields is then not there. */
export function isTaken(
  endpoints: readonly EndpointConfig[],
  route: { method: string; path: string },
): boolean {
  return endpoints.some(({ method, path }) => method === route.method && overlaps(path, route.path));
}

/**
 * Makes the answers of one custom endpoint. Throws RangeError at once for a status that an answer cannot have: HTTP's
 * 1xx announce another answer, and a client would wait for it.
 */
export function endpointResponse(endpoint: EndpointConfig): () => Response {
  const { status } = endpoint;
  const bare = BODILESS.has(status);
  const headers = headersOf(endpoint, bare);
  const body = bare ? null : new TextEncoder().encode(endpoint.body);
  const answer = () => new Response(body, { status, headers });
  answer();
  return answer;
}

/** Statuses that HTTP gives no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

function headersOf(endpoint: EndpointConfig, bare: boolean): Headers {
  const headers = new Headers({ "content-type": endpoint.contentType });
  for (const [name, value] of Object.entries(endpoint.headers)) headers.set(name, value);
  for (const name of FRAMING_HEADERS) headers.delete(name);
  if (bare) headers.delete("content-type");
  return headers;
}

function detailOf(endpoint: EndpointConfig) {
  const { method, path, status, description } = endpoint;
  return {
    tags: ["custom"],
    summary: `${method} ${path}`,
    description: description ?? "A custom endpoint of this server's configuration.",
    responses: {
      [status]: {
        description: description ?? "The configured answer.",
        ...(BODILESS.has(status) ? {} : { content: { [mediaType(endpoint)]: { schema: {} } } }),
      },
    },
  };
}

/** Without parameters: the name of an entry under `content`. */
function mediaType({ contentType }: EndpointConfig): string {
  return contentType.split(";", 1)[0]?.trim() || "application/octet-stream";
}
