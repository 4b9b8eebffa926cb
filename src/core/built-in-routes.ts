/** A route of this program's own. */
export interface BuiltInRoute {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /**
   * A custom endpoint may take it: wherever both would answer, the user's does. So it is with Ollama's routes, which people
   * wrote endpoints for before they were here.
   */
  yields?: true;
}

/**
 * The routes this program claims for itself: a custom endpoint may take none but those that yield. The server's own test
 * holds this list against the routes that are really there.
 */
export const BUILT_IN_ROUTES: readonly BuiltInRoute[] = [
  { method: "GET", path: "/health" },
  { method: "GET", path: "/health/ready" },
  { method: "GET", path: "/openapi.json" },
  { method: "GET", path: "/v1/models" },
  { method: "GET", path: "/v1/models/*" },
  { method: "GET", path: "/v1/backends" },
  { method: "POST", path: "/v1/chat/completions" },
  { method: "POST", path: "/v1/completions" },
  { method: "POST", path: "/v1/embeddings" },
  { method: "POST", path: "/v1/messages" },
  { method: "POST", path: "/v1/messages/count_tokens" },
  { method: "POST", path: "/v1/responses" },
  { method: "POST", path: "/v1/responses/input_tokens" },
  { method: "GET", path: "/v1/responses/:id" },
  { method: "DELETE", path: "/v1/responses/:id" },
  { method: "POST", path: "/v1/responses/:id/cancel" },
  { method: "GET", path: "/v1/responses/:id/input_items" },
  { method: "GET", path: "/", yields: true },
  { method: "GET", path: "/api/version", yields: true },
  { method: "GET", path: "/api/tags", yields: true },
  { method: "GET", path: "/api/ps", yields: true },
  { method: "POST", path: "/api/show", yields: true },
  { method: "POST", path: "/api/chat", yields: true },
  { method: "POST", path: "/api/generate", yields: true },
  { method: "POST", path: "/api/embed", yields: true },
  { method: "POST", path: "/api/embeddings", yields: true },
  { method: "POST", path: "/api/pull", yields: true },
  { method: "POST", path: "/api/push", yields: true },
  { method: "POST", path: "/api/create", yields: true },
  { method: "POST", path: "/api/copy", yields: true },
  { method: "DELETE", path: "/api/delete", yields: true },
  { method: "POST", path: "/api/blobs/:digest", yields: true },
];
