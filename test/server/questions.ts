import type { JsonRecord } from "../../src/core/json.ts";
import { chatChunks, models, payloads } from "../upstream/answers.ts";
import type { Script } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";

export const CHAT = "/v1/chat/completions";

/** The body of a chat request to the model `m`. */
export function question(more: JsonRecord = {}): JsonRecord {
  return { model: "m", messages: [{ role: "user", content: "hi" }], ...more };
}

export const STREAMED = question({ stream: true });

/** A whole streamed answer in three frames of text. */
export const HELLO = payloads(
  chatChunks({ text: ["Hel", "lo ", "é"], usage: { prompt: 3, completion: 2, cached: 1 } }),
);

export const answersHello: Script = (_, wire) => wire.sse(HELLO);

/** The first frames of that answer: its role and all of its text, nothing of its end. */
export const HELLO_CUT = HELLO.slice(0, 4).map(sseFrame).join("");

/** A backend that lists these models, and answers everything else with the script. */
export function lists(entries: Parameters<typeof models>[0], otherwise: Script = answersHello): Script {
  return (request, wire) =>
    request.path === "/v1/models" ? wire.json(200, models(entries)) : otherwise(request, wire);
}
