import { expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Item } from "../../src/core/prompt.ts";
import { Dice } from "../pipeline/dice.ts";
import { assistant, call, messagesOf, result, system, thought, user } from "./anthropic-asked.ts";

const ROUNDS = 2000;

/** What Anthropic answers with 400, each with its reason (the reference's rules for message lists). */
function complaints(messages: { role: string; content: JsonRecord[] }[]): string[] {
  const said: string[] = [];
  if (messages[0]?.role !== "user") said.push("the first message is not the user's");
  const ids = new Set<unknown>();
  messages.forEach(({ role, content }, i) => {
    if (i > 0 && role === messages[i - 1]?.role) said.push(`message ${i} has the role of the one before`);
    if (content.length === 0) said.push(`message ${i} is empty`);
    for (const { type, text } of content)
      if (type === "text" && String(text).trim() === "") said.push(`message ${i} has an empty text`);
    const uses = content.filter(({ type }) => type === "tool_use").map(({ id }) => id);
    for (const id of uses) {
      if (!/^[a-zA-Z0-9_-]+$/.test(String(id))) said.push(`${String(id)} is no id`);
      if (ids.has(id)) said.push(`${String(id)} is there twice`);
      ids.add(id);
    }
    const next = messages[i + 1]?.content.slice(0, uses.length).map(({ tool_use_id: id }) => id);
    if (uses.length > 0 && JSON.stringify(next) !== JSON.stringify(uses))
      said.push(`message ${i} is not answered`);
    const results = content.filter(({ type }) => type === "tool_result").length;
    const asked = messages[i - 1]?.content.filter(({ type }) => type === "tool_use").length ?? 0;
    if (results !== asked) said.push(`message ${i} has ${results} results of ${asked} calls`);
    if (role === "assistant" && String(content.at(-1)?.type).endsWith("thinking"))
      said.push(`message ${i} ends with a thought`);
  });
  return said;
}

test("whatever is in a conversation, Anthropic finds nothing wrong with its messages", () => {
  const dice = new Dice(20_260_101);
  const ids: [string, ...string[]] = ["a", "b.c", "b_c", "", "b/c"];
  const words: [string, ...string[]] = ["", " \n", "hi", "ho "];
  const items: [() => Item, ...(() => Item)[]] = [
    () => user(dice.pick(words)),
    () => assistant(dice.pick(words)),
    () => system(dice.pick(words)),
    () => thought(dice.pick(words), dice.pick(["", "c2ln"])),
    () => thought("", "cmVk", "anthropic", "redacted"),
    () => thought("x", "eA", "gemini", "thought"),
    () => call(dice.pick(ids), "f", dice.pick(["", "{}", "{", "[]"])),
    () => result(dice.pick(ids), dice.pick(words)),
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    const conversation = [user("hi"), ...Array.from({ length: dice.below(9) }, () => dice.pick(items)())];
    // At a random place, so that anything may stand first.
    conversation.push(...conversation.splice(0, dice.below(conversation.length + 1)));
    const messages = messagesOf(...conversation) as Parameters<typeof complaints>[0];
    expect([conversation, complaints(messages)]).toEqual([conversation, []]);
  }
});
