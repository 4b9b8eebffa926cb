import type { Asked, Call, Reply } from "../matrix/scene.ts";
import type { HostName } from "./scripted-hosts.ts";

/** What is asked and answered in the tests with scripted hosts, whatever the client. */
export const QUESTION = "How is the sea?";

const STATE = "c2VhbGVk";

/** Words, with a thought before them. */
export const CALM: Reply = {
  thought: "Look out.",
  state: STATE,
  text: ["Calm", " sea."],
  ends: "stop",
  usage: { input: 40, cached: 24, output: 9 },
};

export const CALLS: readonly Call[] = [
  { id: "call_tide0001", name: "tide", args: { port: "Kiel" } },
  { id: "call_wind0001", name: "wind", args: { port: "Oban" } },
];

/** Two tools are called at once, after a thought and a few words. */
export const LOOK: Reply = {
  thought: "Look out.",
  state: STATE,
  text: ["Let me look."],
  calls: CALLS,
  ends: "tools",
};

/**
 * The conversation as a host must hear it when the tools have said "2 m" and "force 4". A host that signs its thoughts
 * gets them back from every client; `remembers`: any other gets them as text from this one.
 */
export function looked(host: HostName, remembers: boolean): string[] {
  const signs = host === "responses" || host === "anthropic";
  return [
    `user ${QUESTION}`,
    ...(signs ? [`assistant thinks Look out. (${STATE})`] : []),
    ...(remembers && !signs && host !== "gemini" ? ["assistant thinks Look out."] : []),
    "assistant Let me look.",
    `assistant calls tide {"port":"Kiel"}${host === "gemini" ? ` (${STATE})` : ""}`,
    'assistant calls wind {"port":"Oban"}',
    "tide answers 2 m",
    "wind answers force 4",
  ];
}

export const WAVE = { wave: 1.5, colour: "grey" };

/** An object, as it was asked for: in words, by a call of a tool, or in words that stand for such a call. */
export function waveOf({ tools: [name], schema, lines: [system = ""] }: Asked): Reply {
  const text = JSON.stringify(WAVE);
  switch (schema?.join()) {
    case "wave,colour":
      return { text: [text.slice(0, 9), text.slice(9)], ends: "stop" };
    case "name,arguments": {
      const described = /"name":"(\w+)"/.exec(system)?.[1];
      return { text: [`{"name":"${described}","arguments":`, `${text}}`], ends: "stop" };
    }
    default:
      if (name === undefined) throw new Error("neither a schema nor a tool");
      return { calls: [{ id: "call_wave0001", name, args: WAVE }], ends: "tools" };
  }
}
