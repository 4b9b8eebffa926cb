import { type OllamaApi, ollamaChat, ollamaGenerate } from "../../src/api/ollama.ts";
import type { Answer } from "../../src/core/answer.ts";
import type { StreamEvent } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Prompt } from "../../src/core/prompt.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";
import { parsed } from "./answers.ts";

export type Route = "chat" | "generate";

/** 2026-11-20, and every look at the clock is a millisecond later than the one before. */
export const BEGAN = 1_795_132_800_000;

export function ticking(): () => number {
  let now = BEGAN - 1;
  return () => ++now;
}

export function api(route: Route = "chat"): OllamaApi {
  return route === "chat" ? ollamaChat(ticking()) : ollamaGenerate(ticking());
}

export function asked(body: string | object, route: Route = "chat"): TextRequest {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return api(route).read(readObject(bytes), "req-1", new Headers());
}

export function promptOf(body: object, route: Route = "chat"): Prompt {
  return asked({ model: "m", ...body }, route).prompt();
}

/** The notes of a prompt in short. */
export function notesOf({ notes }: Prompt): string[] {
  return notes.map(({ kind, field }) => `${kind}:${field}`);
}

export interface Written {
  /** Everything sent, byte for byte. */
  sent: string;
  lines: JsonRecord[];
}

/** What a client gets of these events, one read each list. Throws where a line is no JSON: some clients parse every one. */
export function written(reads: readonly StreamEvent[][], route: Route = "chat", body = {}): Written {
  const writer = api(route).stream({ model: "real", request: asked({ model: "asked", ...body }, route) });
  const sent = reads.map((events) => writer.write(events)).join("");
  if (sent !== "" && !sent.endsWith("\n")) throw new Error("the last line has no end");
  return { sent, lines: sent.split("\n").slice(0, -1).map(parsed) };
}

/** A whole answer as its client gets it. */
export function whole(answer: Answer, route: Route = "chat"): JsonRecord {
  const text = api(route).answer(answer, { model: "real", request: asked({ model: "asked" }, route) });
  return parsed(text);
}
