import { describe, expect, test } from "bun:test";
import { openai } from "../../src/adapters/openai.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import { chatTo } from "./written.ts";

const PROFILE = PROFILES.llamacpp;
const MESSAGES = [{ role: "user", content: "Hello" }];
const TOOLS = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];

/** The body that llama-server gets for a chat with these fields, and what the client is told about it. */
function sent(fields: object): { body: Record<string, unknown>; notes: string[] } {
  const { json, notes } = chatTo("llamacpp", { messages: MESSAGES, ...fields });
  return { body: json, notes };
}

describe("llama-server", () => {
  test("is not shown tools that may not be called: it hands on the call it writes as text", () => {
    const { body, notes } = sent({ tools: TOOLS, tool_choice: "none", parallel_tool_calls: true });
    expect(body).toEqual({
      model: "theirs",
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(notes).toEqual([expect.stringContaining("tool_choice was emulated")]);
  });

  test("gets its tools and a choice that it understands as they came", () => {
    for (const tool_choice of ["auto", "required"]) {
      const { body, notes } = sent({ tools: TOOLS, tool_choice });
      expect(body).toMatchObject({ tools: TOOLS, tool_choice, parallel_tool_calls: true });
      expect(notes).toEqual([]);
    }
  });

  test("streams though the client does not, but for logprobs with tools, which it refuses to stream", () => {
    expect(sent({ tools: TOOLS, logprobs: true }).body).not.toHaveProperty("stream");
    expect(sent({ tools: TOOLS, logprobs: false }).body).toHaveProperty("stream", true);
  });

  test("counts each choice by itself: the answer's usage is their sum, with the prompt once", () => {
    const state = openai.begin(PROFILE);
    const events: StreamEvent[] = [];
    const usage = (completion_tokens: number) =>
      JSON.stringify({ id: "1", choices: [], usage: { prompt_tokens: 21, completion_tokens } });
    openai.step(state, usage(7), events);
    openai.step(state, usage(32), events);
    expect(events.at(-1)).toMatchObject({
      type: "usage",
      usage: { input: 21, output: 39, native: { value: { completion_tokens: 39, total_tokens: 60 } } },
    });
  });

  test("starts a stream for several prompts with a null, which says nothing", () => {
    const state = openai.begin(PROFILE);
    const events: StreamEvent[] = [];
    openai.step(state, "null", events);
    expect(events).toEqual([]);
    expect(openai.done(state)).toBe(false);
    openai.step(state, '{"id":"1","choices":[{"index":0,"text":"x","finish_reason":"length"}]}', events);
    expect(openai.done(state)).toBe(true);
  });

  test.each([
    [500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"],
    [500, "the current context does not support logits computation. skipping"],
    [500, "tools param requires --jinja flag"],
    [501, "This server does not support embeddings. Start it with `--embeddings`"],
  ])(
    "says %d to what its model cannot do: the caller must ask for something else (%s)",
    (status, message) => {
      expect(failure(status, message).code).toBe("unsupported");
    },
  );

  test.each([
    "Failed to parse tool call arguments as JSON: [json.exception.parse_error.101] ...",
    "Failed to download image",
    "Invalid base64 value",
  ])("says 500 to a mistake in the request: it is the caller's to mend (%s)", (message) => {
    expect(failure(500, message).code).toBe("invalid_request");
  });

  test("says 500 when it is itself to blame, too", () => {
    expect(failure(500, "Compute error.").code).toBe("upstream_error");
  });
});

/** llama-server's shape: the code is the status, as a number. */
function failure(code: number, message: string) {
  const body = JSON.stringify({ error: { code, message, type: "server_error" } });
  return openai.failure(code, body, new Map());
}
