import type { Call, Question, Reply, ToolOffer } from "./scene.ts";

/** One row of the table: what is asked, and what the host answers to it. */
export interface Feature {
  name: string;
  question: Question;
  reply: Reply;
  /** The host refuses instead. */
  refuses?: "context" | "limit";
  /** The client goes on: with the answer as it got it, and what its tools said. */
  then?: { results: { id: string; name: string; text: string }[]; user?: string };
}

const object = (properties: object) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const TIDE: ToolOffer = {
  name: "tide",
  description: "Height of the tide in a port.",
  schema: object({ port: { type: "string" } }),
};
const WIND: ToolOffer = {
  name: "wind",
  description: "Force of the wind.",
  schema: object({ port: { type: "string" } }),
};
const tools = [TIDE, WIND];
const calls: Call[] = [
  { id: "call_tide0001", name: "tide", args: { port: "Kiel" } },
  { id: "call_wind0001", name: "wind", args: { port: "Oban" } },
];
const results = [
  { id: "call_tide0001", name: "tide", text: "2 m" },
  { id: "call_wind0001", name: "wind", text: "force 4" },
];

/** Of a turn that this server never saw. */
const earlier = [
  { calls: calls.map((call) => ({ ...call, id: `${call.id}9` })) },
  { results: results.map((result) => ({ ...result, id: `${result.id}9` })) },
];

const user = { user: "How is the sea?" };
const said: Reply = { text: ["Calm", " and", " grey."], ends: "stop" };
const usage = { input: 40, cached: 24, output: 9 };
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Everything that is held of every pair. */
export const FEATURES: readonly Feature[] = [
  {
    name: "text",
    question: { system: "Be brief.", turns: [user], max: 64, temperature: 0.5 },
    reply: said,
  },
  { name: "stream", question: { turns: [user], stream: true }, reply: said },
  {
    name: "conversation",
    question: { turns: [{ user: "Ahoy." }, { assistant: "Ahoy, captain." }, user] },
    reply: said,
  },
  {
    name: "parallel tools",
    question: { turns: [user], tools },
    reply: { calls, ends: "tools" },
  },
  {
    name: "parallel tools, streamed",
    question: { turns: [user], tools, stream: true },
    reply: { text: ["Let me look."], calls, ends: "tools" },
  },
  {
    name: "tool results",
    question: { turns: [user, ...earlier, { user: "And?" }], tools, stream: true },
    reply: said,
  },
  { name: "tool choice none", question: { turns: [user], tools, choice: "none" }, reply: said },
  {
    name: "tool choice required",
    question: { turns: [user], tools, choice: "required" },
    reply: { calls: calls.slice(0, 1), ends: "tools" },
  },
  {
    name: "tool choice named",
    question: { turns: [user], tools, choice: { name: "tide" } },
    reply: { calls: calls.slice(0, 1), ends: "tools" },
  },
  {
    name: "image",
    question: { turns: [{ user: "What is it?", image: { mime: "image/png", base64: PIXEL } }] },
    reply: said,
  },
  {
    name: "reasoning",
    question: { turns: [user], think: true },
    reply: { ...said, thought: "Look at the sky.", state: "c2VhbGVk" },
  },
  {
    name: "reasoning, streamed",
    question: { turns: [user], think: true, stream: true },
    reply: { ...said, thought: "Look at the sky.", state: "c2VhbGVk" },
  },
  {
    name: "reasoning, second turn",
    question: { turns: [user], tools, think: true },
    reply: { thought: "Ask the tide.", state: "c2VhbGVk", calls: calls.slice(0, 1), ends: "tools" },
    then: { results: results.slice(0, 1) },
  },
  {
    name: "reasoning, second turn, streamed",
    question: { turns: [user], tools, think: true, stream: true },
    reply: { thought: "Ask the tide.", state: "c2VhbGVk", calls: calls.slice(0, 1), ends: "tools" },
    then: { results: results.slice(0, 1) },
  },
  {
    name: "structured output",
    question: { turns: [user], schema: object({ wave: { type: "number" }, colour: { type: "string" } }) },
    reply: { text: ['{"wave":1.5,', '"colour":"grey"}'], ends: "stop" },
  },
  { name: "length", question: { turns: [user], max: 32 }, reply: { text: ["Calm an"], ends: "length" } },
  {
    name: "stop sequence",
    question: { turns: [user], stop: ["grey"] },
    reply: { text: ["Calm and "], ends: "stop", stoppedBy: "grey" },
  },
  { name: "refusal", question: { turns: [user] }, reply: { refusal: "Not that.", ends: "refusal" } },
  {
    name: "refusal, streamed",
    question: { turns: [user], stream: true },
    reply: { refusal: "Not that.", ends: "refusal" },
  },
  { name: "usage", question: { turns: [user] }, reply: { ...said, usage } },
  { name: "usage, streamed", question: { turns: [user], stream: true }, reply: { ...said, usage } },
  { name: "too many requests", question: { turns: [user] }, reply: said, refuses: "limit" },
  {
    name: "too many requests, streamed",
    question: { turns: [user], stream: true },
    reply: said,
    refuses: "limit",
  },
  { name: "context overflow", question: { turns: [user] }, reply: said, refuses: "context" },
  {
    name: "error in the stream",
    question: { turns: [user], stream: true },
    reply: { ...said, fault: "error" },
  },
  { name: "cut stream", question: { turns: [user], stream: true }, reply: { ...said, fault: "cut" } },
  {
    name: "cut stream, asked whole",
    question: { turns: [user] },
    reply: { ...said, fault: "cut" },
  },
  {
    name: "unknown field",
    question: { turns: [user], unknown: { name: "x_depth_finder", value: { deep: true } } },
    reply: said,
  },
];
