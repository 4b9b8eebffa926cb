import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { CHAT, question } from "./questions.ts";
import { backendAt, startServer } from "./running.ts";

const tools = [{ type: "function", function: { name: "now", parameters: { type: "object" } } }];
const user = { role: "user", content: "hi" };

const SIGNED_THOUGHT = { type: "thinking", thinking: "hm", signature: "c2lnbmVk" };
const ANTHROPIC = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [SIGNED_THOUGHT, { type: "tool_use", id: "toolu_1", name: "now", input: {} }],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
};
const SIGNED_CALL = { functionCall: { name: "now", args: {} }, thoughtSignature: "c2lnbmVk" };
const GEMINI = {
  candidates: [{ index: 0, content: { role: "model", parts: [SIGNED_CALL] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
  modelVersion: "m",
  responseId: "r1",
};

/** A chat with one call that the client answers, at a backend that answers with this document; what it gets in turn two. */
async function secondTurn(type: string, document: JsonRecord): Promise<{ sent: unknown; call: JsonRecord }> {
  const script: Script = (_, wire) => wire.json(200, document);
  await using upstream = await startUpstream(script);
  await using server = await startServer({ backends: [backendAt(upstream, { type })] });
  const caller = await server.caller();
  const ask = async (messages: unknown[]) => {
    const answer = await caller.ask(CHAT, { body: question({ messages, tools }) });
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text) as { choices: { message: { tool_calls: JsonRecord[] } }[] };
  };
  const [call] = (await ask([user])).choices[0]?.message.tool_calls ?? [];
  if (!call) throw new Error("no call");
  // What a client keeps that knows OpenAI's chat and nothing else.
  const { id, function: called } = call;
  const said = { role: "assistant", content: null, tool_calls: [{ id, type: "function", function: called }] };
  await ask([user, said, { role: "tool", tool_call_id: id, content: "noon" }]);
  return { sent: upstream.requests[1]?.json(), call };
}

describe("state that a chat client cannot keep comes back to its vendor with the next turn", () => {
  test("Anthropic's signed thinking, before its call", async () => {
    const { sent } = await secondTurn("anthropic", ANTHROPIC);
    expect(sent).toMatchObject({
      messages: [
        { role: "user" },
        { role: "assistant", content: [SIGNED_THOUGHT, { type: "tool_use", id: "toolu_1", name: "now" }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1" }] },
      ],
    });
  });

  test("Gemini's thought signature, on its call", async () => {
    const { sent } = await secondTurn("gemini", GEMINI);
    expect(sent).toMatchObject({
      contents: [{ role: "user" }, { role: "model", parts: [SIGNED_CALL] }, { role: "user" }],
    });
  });

  test("and the state of one vendor never goes to another", async () => {
    let asked = 0;
    await using other = await startUpstream((_, wire) => wire.json(200, GEMINI));
    await using upstream = await startUpstream((_, wire) => {
      asked += 1;
      return wire.json(200, ANTHROPIC);
    });
    const backends = [
      backendAt(upstream, { type: "anthropic" }),
      backendAt(other, { name: "other", type: "gemini", models: ["g"] }),
    ];
    await using server = await startServer({ backends });
    const caller = await server.caller();
    await caller.ask(CHAT, { body: question({ tools }) });
    const call = { id: "toolu_1", type: "function", function: { name: "now", arguments: "{}" } };
    const messages = [
      user,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "toolu_1", content: "noon" },
    ];
    const answer = await caller.ask(CHAT, { body: question({ model: "g", messages, tools }) });
    expect([answer.status, asked]).toEqual([200, 1]);
    expect(other.requests[0]?.text()).not.toContain(SIGNED_THOUGHT.signature);
  });

  test("nor to a caller with another key, whatever call that one names", async () => {
    await using upstream = await startUpstream((_, wire) => wire.json(200, ANTHROPIC));
    await using server = await startServer({
      server: { apiKeys: ["sk-a", "sk-b"] },
      backends: [backendAt(upstream, { type: "anthropic" })],
    });
    const caller = await server.caller();
    const ask = async (key: string, messages: unknown[]) => {
      const headers = { authorization: `Bearer ${key}` };
      expect((await caller.ask(CHAT, { headers, body: question({ messages, tools }) })).status).toBe(200);
      return upstream.requests.at(-1)?.text();
    };
    await ask("sk-a", [user]);
    const call = { id: "toolu_1", type: "function", function: { name: "now", arguments: "{}" } };
    const turn = [
      user,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "toolu_1", content: "noon" },
    ];
    expect(await ask("sk-b", turn)).not.toContain(SIGNED_THOUGHT.thinking);
    expect(await ask("sk-a", turn)).toContain(SIGNED_THOUGHT.signature);
  });
});
