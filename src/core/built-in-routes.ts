/**
 * The routes this program claims for itself: a custom endpoint may not take one. The server's own test holds this list
 * against the routes that are really there.
 */
export const BUILT_IN_ROUTES: readonly { method: "GET" | "POST"; path: string }[] = [
  { method: "GET", path: "/health" },
  { method: "GET", path: "/health/ready" },
  { method: "GET", path: "/openapi.json" },
  { method: "GET", path: "/v1/models" },
  { method: "GET", path: "/v1/models/*" },
  { method: "GET", path: "/v1/backends" },
  { method: "POST", path: "/v1/chat/completions" },
  { method: "POST", path: "/v1/completions" },
  { method: "POST", path: "/v1/embeddings" },
];
