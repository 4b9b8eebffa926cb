import { describe, expect, test } from "bun:test";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { chat } from "../../src/api/chat.ts";
import { completions } from "../../src/api/completions.ts";
import { messages } from "../../src/api/messages.ts";
import { ollamaChat, ollamaGenerate } from "../../src/api/ollama.ts";
import { responsesApi } from "../../src/api/responses.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import { Failure } from "../../src/core/failure.ts";
import type { Note } from "../../src/core/note.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { translated } from "../../src/pipeline/translate.ts";
import { readObject } from "../../src/wire/json.ts";
import { Dice } from "../pipeline/dice.ts";
import { spoilt } from "../pipeline/nonsense.ts";
import { BODIES } from "./bodies.ts";

const ROUNDS = 150;

const keeping = { enabled: false, history: () => undefined, item: () => undefined, keep: () => false };
const READERS = {
  chat,
  completions,
  messages,
  responses: responsesApi(keeping),
  "ollama chat": ollamaChat(),
  "ollama generate": ollamaGenerate(),
};

/** Each kind of model is asked in another way. */
const MODELS: [string, ...string[]] = [
  "m",
  "gpt-5.1",
  "claude-sonnet-4-5",
  "claude-opus-4-8",
  "gemini-2.0-flash",
  "gemini-2.5-pro",
  "gemini-3-pro",
  "gpt-oss",
  "constructor",
];

/** What is wrong with the requests that hosts of all dialects get for this body. */
function faults(read: (body: string) => TextRequest, body: string, dice: Dice): string[] {
  const request = outcome(() => read(body));
  if (!request || typeof request === "string") return request ? [request] : [];
  return Object.values(ADAPTERS).flatMap((adapter) => {
    const profile = dice.pick(Object.values(PROFILES) as [(typeof PROFILES)["openai"]]);
    const to = { model: dice.pick(MODELS), profile, defaults: {}, info: undefined, contextWindow: undefined };
    const notes: Note[] = [];
    const fault = outcome(() => {
      const { asked } = translated(request, { adapter, profile }, notes);
      JSON.parse(Buffer.concat(adapter.write(asked, to, notes).body).toString());
    });
    const odd = notes.filter(
      ({ field, message }) => typeof field !== "string" || /\[object|native/.test(message),
    );
    return [...(fault ? [`${adapter.dialect}: ${fault}`] : []), ...odd.map(({ message }) => message)];
  });
}

/** What `run` returns; undefined where it throws a Failure, and a text where it throws anything else. */
function outcome<T>(run: () => T): T | string | undefined {
  try {
    return run();
  } catch (thrown) {
    return thrown instanceof Failure && thrown.code !== "internal_error" ? undefined : String(thrown);
  }
}

describe.each(Object.entries(READERS))("a body of %s", (name, api) => {
  const read = (body: string) => api.read(readObject(Buffer.from(body)), "1", new Headers());

  test("is written for hosts of every dialect as it is", () => {
    const dice = new Dice(1);
    expect(faults(read, JSON.stringify(BODIES[name]), dice)).toEqual([]);
    expect(() => read(JSON.stringify(BODIES[name])).prompt()).not.toThrow();
  });

  test("may say anything: it is written, or is the client's mistake, and never ours", () => {
    for (let seed = 0; seed < ROUNDS; seed++) {
      const dice = new Dice(seed);
      const body = JSON.stringify(spoilt(BODIES[name], dice));
      expect([body, faults(read, body, dice)]).toEqual([body, []]);
    }
  });
});
