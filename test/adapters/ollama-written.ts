import type { Destination, Hints } from "../../src/adapters/adapter.ts";
import { ollama } from "../../src/adapters/ollama.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { ModelInfo } from "../../src/core/model.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import type { Item, Prompt } from "../../src/core/prompt.ts";
import type { Dialect, ModelRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

export interface Written {
  path: string;
  /** What Ollama gets, byte for byte. */
  text: string;
  json: JsonRecord;
  hints: Hints | undefined;
  /** Their short codes. */
  notes: string[];
}

export type To = Partial<Omit<Destination, "info">> & { info?: Partial<ModelInfo> };

/** A prompt as Ollama gets it, for its model "theirs". */
export function asked(
  prompt: Partial<Prompt>,
  to: To = {},
  request: { stream?: boolean; operation?: "chat" | "completions"; dialect?: Dialect } = {},
): Written {
  const whole: Prompt = {
    items: [user("hi")],
    tools: [],
    sampling: {},
    format: { type: "text" },
    reasoning: {},
    notes: [],
    ...prompt,
  };
  return written(
    {
      id: "1",
      operation: request.operation ?? "chat",
      dialect: request.dialect ?? "openai",
      answerDialect: request.dialect ?? "openai",
      model: "m",
      stream: request.stream ?? false,
      includeUsage: false,
      body: readObject(new TextEncoder().encode("{}")),
      prompt: () => whole,
    },
    to,
  );
}

/** A body of Ollama's own dialect, as Ollama gets it. */
export function forwarded(body: string, to: To = {}, stream = true): Written {
  const prompt = (): never => {
    throw new Error("read although it need not be");
  };
  return written(
    {
      id: "1",
      operation: "chat",
      dialect: "ollama",
      answerDialect: "ollama",
      model: "m",
      stream,
      includeUsage: true,
      body: readObject(new TextEncoder().encode(body)),
      prompt,
    },
    to,
  );
}

export function written(request: ModelRequest, to: To = {}): Written {
  const notes: Note[] = [];
  const { info, ...rest } = to;
  const { path, body, hints } = ollama.write(
    request,
    {
      model: "theirs",
      profile: PROFILES.own,
      defaults: {},
      contextWindow: undefined,
      info: info && { id: "theirs", created: 0, ownedBy: "library", ...info },
      ...rest,
    },
    notes,
  );
  const text = Buffer.concat(body).toString();
  return { path, text, json: JSON.parse(text) as JsonRecord, hints, notes: notes.map(codeOf) };
}

export function user(text: string, at = "messages[0]"): Item {
  return { type: "message", role: "user", parts: [{ type: "text", text }], at };
}

/** What every request says beside its words. */
export const ALWAYS = { model: "theirs", stream: false, truncate: false, shift: false };
