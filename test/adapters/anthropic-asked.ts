import { expect } from "bun:test";
import type { Destination } from "../../src/adapters/adapter.ts";
import { anthropic } from "../../src/adapters/anthropic.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { ToolKind } from "../../src/core/event.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import type { OpaqueKind } from "../../src/core/opaque.ts";
import type { FunctionTool, Item, Part, Prompt } from "../../src/core/prompt.ts";
import type { Dialect, TextRequest } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

/** A request as Anthropic gets it. */
export interface Sent {
  /** Byte for byte. */
  text: string;
  json: JsonRecord;
  headers: Readonly<Record<string, string>> | undefined;
  /** Codes: `dropped:seed`. */
  notes: string[];
}

/** Models of four generations: each takes other parameters. */
export const EARLIER = "claude-sonnet-4-5-20250929";
export const BETWEEN = "claude-opus-4-6";
export const NEWEST = "claude-opus-4-8";
export const ALWAYS_THINKING = "claude-sonnet-5-5";

/** A request to Anthropic. */
export function send(request: Partial<TextRequest>, to: Partial<Destination> = {}): Sent {
  const notes: Note[] = [];
  const whole: TextRequest = {
    id: "1",
    operation: "chat",
    dialect: "openai",
    answerDialect: "openai",
    model: "m",
    stream: false,
    includeUsage: false,
    body: raw("{}"),
    prompt: () => prompt({}),
    ...request,
  };
  const destination: Destination = {
    model: EARLIER,
    profile: PLAIN_PROFILE,
    defaults: {},
    info: undefined,
    contextWindow: undefined,
    ...to,
  };
  const { body, path, headers } = anthropic.write(whole, destination, notes);
  expect(path).toBe("/v1/messages");
  const text = Buffer.concat(body).toString();
  return { text, json: JSON.parse(text) as JsonRecord, headers, notes: notes.map(codeOf) };
}

/** What a prompt that says "hi" and more becomes. */
export function asked(more: Partial<Prompt>, model = EARLIER, dialect: Dialect = "openai"): Sent {
  return send({ dialect, prompt: () => prompt(more) }, { model });
}

/** The messages that a conversation becomes. */
export function messagesOf(...items: Item[]): unknown {
  return asked({ items }).json.messages;
}

/** A Messages body as a client of Anthropic's sends it. */
export function own(
  body: string | object,
  to: Partial<Destination> = {},
  more: Partial<TextRequest> = {},
): Sent {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return send({ dialect: "anthropic", answerDialect: "anthropic", body: raw(text), ...more }, to);
}

export function prompt(more: Partial<Prompt>): Prompt {
  return {
    items: [user("hi")],
    tools: [],
    sampling: {},
    format: { type: "text" },
    reasoning: {},
    notes: [],
    ...more,
  };
}

function raw(text: string): ReturnType<typeof readObject> {
  return readObject(new TextEncoder().encode(text));
}

export const text = (words: string): Part => ({ type: "text", text: words });

const parts = (said: string | Part[]): Part[] => (typeof said === "string" ? [text(said)] : said);

const message =
  (role: "system" | "user" | "assistant") =>
  (said: string | Part[], at = "messages[0]"): Item => ({ type: "message", role, parts: parts(said), at });

export const system = message("system");
export const user = message("user");
export const assistant = message("assistant");

export function call(id: string, name: string, args: string, kind: ToolKind = "function"): Item {
  return { type: "call", id, name, kind, args, opaque: [], at: "messages[1]" };
}

export function result(id: string, said: string | Part[], isError = false): Item {
  return { type: "result", id, parts: parts(said), isError, kind: "function", at: "messages[2]" };
}

/** A thought with what its vendor sealed. */
export function thought(
  words: string,
  data?: string,
  issuer: Dialect = "anthropic",
  kind: OpaqueKind = "signature",
): Item {
  return {
    type: "reasoning",
    text: words,
    opaque: data === undefined ? [] : [{ issuer, kind, data }],
    at: "messages[1]",
  };
}

export function tool(name: string, more: Partial<FunctionTool> = {}): FunctionTool {
  return { type: "function", name, at: "tools[0]", ...more };
}
