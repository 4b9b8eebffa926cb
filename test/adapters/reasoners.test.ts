import { expect, test } from "bun:test";
import { isPlain, isReasoner } from "../../src/adapters/reasoners.ts";
import type { Capabilities } from "../../src/core/model.ts";

const known = (model: string, capabilities: Partial<Capabilities> = {}) => {
  const to = { model, info: { id: model, created: 0, ownedBy: "", capabilities } };
  return [isReasoner(to), isPlain(to)];
};

test.each(["o3-pro", "gpt-5.1", "openai/gpt-5-mini", "gpt-oss-20b", "deepseek-reasoner", "qwen3-8b"])(
  "%s reasons",
  (model) => {
    expect(known(model)).toEqual([true, false]);
  },
);

test.each(["gpt-4.1", "gpt-4o-mini", "gpt-3.5-turbo", "chatgpt-4o-latest", "gpt-5-chat-latest"])(
  "%s does not reason",
  (model) => {
    expect(known(model)).toEqual([false, true]);
  },
);

test.each(["prod-eu", "gpt-40b-own", "my-model"])("of %s nobody knows", (model) => {
  expect(known(model)).toEqual([false, false]);
});

test("what the host's own list says counts for more than a name", () => {
  expect(known("gpt-4.1", { reasoning: true })).toEqual([true, false]);
  expect(known("gpt-5.1", { reasoning: false })).toEqual([false, true]);
  expect(known("gpt-5.1", { reasoning: null })).toEqual([true, false]);
});
