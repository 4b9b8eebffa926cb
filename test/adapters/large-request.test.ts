import { expect, test } from "bun:test";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import { chat } from "../../src/api/chat.ts";
import { messages } from "../../src/api/messages.ts";
import { ollamaChat } from "../../src/api/ollama.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { readObject } from "../../src/wire/json.ts";

/** More calls than any conversation has; what looks at all of them for each of them takes half a minute. */
const MANY = 8000;
/** Milliseconds; a tenth of it is usual. */
const LIMIT = 3000;

const list = <T>(make: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => make(i));
const user = { role: "user", content: "hi" };
const called = (id: (i: number) => string): JsonRecord => ({
  role: "assistant",
  tool_calls: list((i) => ({ id: id(i), type: "function", function: { name: "f", arguments: "{}" } })),
});
const answered = (id: (i: number) => string) =>
  list((i) => ({ role: "tool", tool_call_id: id(i), content: "x" }));

test.each([
  ["calls that all have one id", chat, [user, called(() => "a"), ...answered(() => "a")]],
  [
    "answers in the wrong order",
    chat,
    [user, called((i) => `a${i}`), ...answered((i) => `a${MANY - 1 - i}`)],
  ],
  ["answers to nothing", chat, [user, called((i) => `a${i}`), ...answered((i) => `b${i}`)]],
  [
    "calls without ids",
    ollamaChat(),
    [user, called(() => ""), ...list(() => ({ role: "tool", content: "x" }))],
  ],
  [
    "results in messages of their own",
    messages,
    [
      user,
      { role: "assistant", content: list((i) => ({ type: "tool_use", id: `a${i}`, name: "f", input: {} })) },
      ...list((i) => ({
        role: "user",
        content: [{ type: "tool_result", tool_use_id: `a${i}`, content: "x" }],
      })),
    ],
  ],
])("thousands of %s keep nobody waiting", (_, api, conversation) => {
  const body = Buffer.from(JSON.stringify({ model: "m", messages: conversation }));
  const to = { model: "m", profile: PLAIN_PROFILE, defaults: {}, info: undefined, contextWindow: undefined };
  const before = performance.now();
  for (const adapter of Object.values(ADAPTERS))
    adapter.write(api.read(readObject(body), "1", new Headers()), to, []);
  expect(performance.now() - before).toBeLessThan(LIMIT);
});
