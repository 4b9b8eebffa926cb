import { describe, expect, test } from "bun:test";
import type { Part } from "../../src/core/prompt.ts";
import { asked, call, messagesOf, result, text, user } from "./anthropic-asked.ts";

const says = (role: string, ...content: unknown[]) => ({ role, content });

describe("media", () => {
  const base64 = { source: { base64: "aGk=" } };
  const url = { source: { url: "https://pics.example/a" } };
  const only = (part: Part) => messagesOf(user([part]));

  test("are pictures and documents, by value or by address", () => {
    const cases: [Part, object][] = [
      [
        { type: "image", mime: "image/png", ...base64 },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } },
      ],
      [
        { type: "image", mime: "", ...url },
        { type: "image", source: { type: "url", url: "https://pics.example/a" } },
      ],
      [
        { type: "file", mime: "application/pdf", name: "a.pdf", cache: {}, ...base64 },
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "aGk=" },
          title: "a.pdf",
          cache_control: { type: "ephemeral" },
        },
      ],
      [
        { type: "file", mime: "text/markdown", ...base64 },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "hi" } },
      ],
      [
        { type: "file", mime: "image/webp", ...base64 },
        { type: "image", source: { type: "base64", media_type: "image/webp", data: "aGk=" } },
      ],
      [
        { type: "file", mime: "", source: { fileId: "file_1", issuer: "anthropic" } },
        { type: "document", source: { type: "file", file_id: "file_1" } },
      ],
    ];
    for (const [part, block] of cases) expect(only(part)).toEqual([says("user", block)]);
  });

  test("of a result stay in it, and its cache mark stands on it", () => {
    const picture: Part = { type: "image", mime: "image/gif", cache: { ttl: "5m" }, ...base64 };
    const block = { type: "image", source: { type: "base64", media_type: "image/gif", data: "aGk=" } };
    expect(messagesOf(user("hi"), call("c", "f", "{}"), result("c", [picture]))).toContainEqual(
      says("user", {
        type: "tool_result",
        tool_use_id: "c",
        content: [block],
        cache_control: { type: "ephemeral", ttl: "5m" },
      }),
    );
  });

  test.each([
    ["audio", { type: "audio", mime: "audio/wav", ...base64 }],
    ["a picture of another format", { type: "image", mime: "image/bmp", ...base64 }],
    ["a document that is neither PDF nor text", { type: "file", mime: "application/zip", ...base64 }],
    ["a file at another vendor", { type: "file", mime: "", source: { fileId: "f", issuer: "openai" } }],
  ] satisfies [string, Part][])("%s is refused, and named", (_, part) => {
    let thrown: unknown;
    try {
      asked({ items: [user([text("hi"), part], "messages[4]")] });
    } catch (failure) {
      thrown = failure;
    }
    expect(thrown).toMatchObject({ code: "unsupported", detail: { param: "messages[4].content[1]" } });
  });
});
