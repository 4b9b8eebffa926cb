import { chat } from "../../src/api/chat.ts";
import { completions } from "../../src/api/completions.ts";
import type { TextRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

const READERS = { chat, completions };

/** A client's body, as its api reads it. */
export function asked(body: string | object, operation: TextRequest["operation"] = "chat"): TextRequest {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return READERS[operation].read(readObject(bytes), "req-1", new Headers());
}

/** A question with nothing in it but what the test says. */
export function question(more: object = {}): TextRequest {
  return asked({ model: "m", messages: [{ role: "user", content: "hi" }], ...more });
}

/** A question whose answer is to be a stream. */
export function streamed(includeUsage = false): TextRequest {
  return question({ stream: true, stream_options: { include_usage: includeUsage } });
}
