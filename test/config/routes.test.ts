import { describe, expect, test } from "bun:test";
import { overlaps } from "../../src/config/routes.ts";
import { BUILT_IN_ROUTES } from "../../src/core/built-in-routes.ts";
import { accept, problem } from "./scratch.ts";

const endpoint = (path: string, more = 'body = ""', method = "GET") =>
  `[[endpoints]]\nmethod = "${method}"\npath = "${path}"\n${more}\n`;

describe("a built-in route cannot be taken", () => {
  const kept = BUILT_IN_ROUTES.filter(({ yields }) => !yields);
  test.each(kept.map(({ method, path }) => [method, path.replace("*", "x")] as const))(
    "%s %s",
    (method, path) => {
      const found = problem(endpoint(path, 'body = ""', method));
      expect(found.path).toBe("endpoints[0].path");
      expect(found.message).toContain("clashes with the built-in");
    },
  );

  test.each(["/v1/models/:x", "/v1/models/a/b", "/v1/:what", "/:page", "/health/", "/:a/:b/:c"])(
    "nor through a parameter or a wildcard: GET %s",
    (path) => {
      expect(problem(endpoint(path)).message).toContain("clashes with the built-in");
    },
  );

  test.each(["/v1/model", "/v1/models2", "/v2/models", "/api/version", "/api/:b/c", "/"])(
    "but its neighbours can: GET %s",
    (path) => {
      expect(accept(endpoint(path)).endpoints).toHaveLength(1);
    },
  );

  test("another method of its path can", () => {
    expect(accept(endpoint("/health", 'body = ""', "DELETE")).endpoints).toHaveLength(1);
  });
});

describe("a route of Ollama's is given up for the user's own", () => {
  const given = BUILT_IN_ROUTES.filter(({ yields }) => yields);
  test.each(given.map(({ method, path }) => [method, path] as const))("%s %s", (method, path) => {
    expect(path === "/" || path.startsWith("/api/")).toBeTrue();
    expect(accept(endpoint(path, 'body = ""', method)).endpoints).toMatchObject([{ method, path }]);
  });
});

test("two paths overlap when one address fits both, in either order", () => {
  const pairs: [string, string, boolean][] = [
    ["/a", "/a/", true],
    ["/a/*", "/a/b/c", true],
    ["/a/*", "/a", false],
    ["/:x", "/:y", true],
    ["/:x/b", "/a/:y", true],
    ["/a/:x", "/b/*", false],
  ];
  for (const [a, b, both] of pairs) expect([overlaps(a, b), overlaps(b, a)]).toEqual([both, both]);
});
