import { gemini } from "../../src/adapters/gemini.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { ModelInfo } from "../../src/core/model.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import type { CallItem, EmbeddingInputs, Item, Prompt, ResultItem } from "../../src/core/prompt.ts";
import type { Dialect, ModelRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

export interface Asked {
  path: string;
  json: JsonRecord;
  /** As the header names them. */
  notes: string[];
  /** Their sentences. */
  sentences: string[];
}

interface Options {
  model?: string;
  dialect?: Dialect;
  stream?: boolean;
  info?: Partial<ModelInfo>;
}

/** What Gemini is sent for a prompt with these fields. */
export function asked(
  more: Partial<Prompt>,
  { dialect = "openai", stream = false, ...to }: Options = {},
): Asked {
  const prompt: Prompt = {
    items: [user("Hi")],
    tools: [],
    sampling: {},
    format: { type: "text" },
    reasoning: {},
    notes: [],
    ...more,
  };
  return sent(
    { ...REQUEST, operation: "chat", dialect, stream, includeUsage: false, prompt: () => prompt },
    to,
  );
}

/** The same for texts to become vectors. */
export function embedded(inputs: EmbeddingInputs, model = "gemini-embedding-001"): Asked {
  return sent({ ...REQUEST, operation: "embeddings", stream: false, inputs: () => inputs }, { model });
}

function sent(request: ModelRequest, { model = "gemini-2.5-flash", info }: Options): Asked {
  const notes: Note[] = [];
  const { path, body } = gemini.write(
    request,
    {
      model,
      profile: PLAIN_PROFILE,
      defaults: {},
      info: info && { id: model, created: 0, ownedBy: "google", ...info },
      contextWindow: undefined,
    },
    notes,
  );
  const json = JSON.parse(Buffer.concat(body).toString()) as JsonRecord;
  return { path, json, notes: notes.map(codeOf), sentences: notes.map(({ message }) => message) };
}

const REQUEST = {
  id: "1",
  dialect: "openai" as Dialect,
  answerDialect: "openai" as Dialect,
  model: "m",
  body: readObject(new TextEncoder().encode("{}")),
};

export const text = (words: string) => ({ type: "text" as const, text: words });

const message =
  (role: "system" | "user" | "assistant") =>
  (words: string, at = "messages[0]"): Item => ({
    type: "message",
    role,
    parts: [text(words)],
    at,
  });

export const system = message("system");
export const user = message("user");
export const assistant = message("assistant");

export const call = (id: string, name: string, more: Partial<CallItem> = {}): CallItem => ({
  type: "call",
  id,
  name,
  kind: "function",
  args: "{}",
  opaque: [],
  at: "messages[1].tool_calls[0]",
  ...more,
});

export const result = (id: string, words: string, more: Partial<ResultItem> = {}): ResultItem => ({
  type: "result",
  id,
  parts: [text(words)],
  isError: false,
  kind: "function",
  at: "messages[2]",
  ...more,
});

/** A signature of Gemini's own. */
export const signed = (data: string) => [{ issuer: "gemini", kind: "thought", data } as const];
