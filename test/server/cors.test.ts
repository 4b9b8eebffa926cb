import { describe, expect, test } from "bun:test";
import { createCors } from "../../src/server/cors.ts";

const ORIGIN = "https://app.example";

function preflightOf(origins: string[], headers: Record<string, string>, method = "OPTIONS") {
  return createCors(origins).preflight(
    new Request("http://localhost/v1/chat/completions", { method, headers }),
  );
}

const ASKED = { origin: ORIGIN, "access-control-request-method": "POST" };

describe("answers", () => {
  test("a configured origin is named, with the headers a client library reads", () => {
    expect(createCors([ORIGIN]).headers(ORIGIN)).toEqual({
      "access-control-allow-origin": ORIGIN,
      "access-control-expose-headers":
        "x-request-id, request-id, x-fairlead-backend, x-fairlead-notes, retry-after",
      vary: "Origin",
    });
  });

  test.each([null, "https://other.example", "https://app.example:8443", "http://app.example", "null", ""])(
    "nothing is said to %j",
    (origin) => {
      expect(createCors([ORIGIN]).headers(origin)).toBeUndefined();
      expect(createCors([]).headers(origin)).toBeUndefined();
    },
  );

  test("`*` is answered with `*`, and never with credentials", () => {
    const headers = createCors(["*"]).headers("null");
    expect(headers?.["access-control-allow-origin"]).toBe("*");
    expect(headers).not.toHaveProperty("vary");
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
  });

  test("an origin counts as browsers write it, however the config does", () => {
    const cors = createCors(["HTTPS://App.example:443/", "App://Obsidian.md/"]);
    expect(cors.headers(ORIGIN)).toBeDefined();
    expect(cors.headers("app://obsidian.md")).toBeDefined();
  });

  test("`null` and file:// are nobody's origin even when configured", () => {
    const cors = createCors(["null", "file://"]);
    expect(cors.headers("null")).toBeUndefined();
    expect(cors.headers("file://")).toBeUndefined();
  });
});

describe("preflight", () => {
  test("a configured origin gets 204 and all it needs to go on", async () => {
    const answer = preflightOf([ORIGIN], {
      ...ASKED,
      "access-control-request-headers":
        "authorization,content-type,X-Stainless-Lang, x-api-key, anthropic-version,anthropic-beta",
    });
    expect(answer?.status).toBe(204);
    expect(await answer?.text()).toBe("");
    expect(Object.fromEntries(answer?.headers ?? [])).toEqual({
      "access-control-allow-headers":
        "authorization, content-type, x-stainless-lang, x-api-key, anthropic-version, anthropic-beta",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "access-control-allow-origin": ORIGIN,
      "access-control-max-age": "600",
      vary: "Origin",
    });
  });

  test("asks that are no header names are left out, and so are the hundredth and the endless one", () => {
    const many = Array.from({ length: 100 }, (_, i) => `x-${i}`).join(",");
    const wanted = (list: string) =>
      preflightOf([ORIGIN], { ...ASKED, "access-control-request-headers": list })?.headers.get(
        "access-control-allow-headers",
      );
    expect(wanted("x-a, b c, x:y, (z), , x-a")).toBe("x-a");
    expect(wanted("b c")).toBeNull();
    expect(wanted("x".repeat(65))).toBeNull();
    expect(wanted(many)?.split(", ")).toHaveLength(64);
  });

  test.each([
    ["of another origin", [ORIGIN], { ...ASKED, origin: "https://other.example" }, "OPTIONS"],
    ["of no origin", [ORIGIN], { "access-control-request-method": "POST" }, "OPTIONS"],
    ["that asks for no method", [ORIGIN], { origin: ORIGIN }, "OPTIONS"],
    ["with another method", [ORIGIN], ASKED, "POST"],
    ["when nothing is configured", [], ASKED, "OPTIONS"],
  ] as [string, string[], Record<string, string>, string][])(
    "a request %s is no preflight of ours",
    (_, origins, headers, method) => {
      expect(preflightOf(origins, headers, method)).toBeUndefined();
    },
  );

  test("`*` answers every origin with `*`", () => {
    expect(preflightOf(["*"], ASKED)?.headers.get("access-control-allow-origin")).toBe("*");
  });
});
