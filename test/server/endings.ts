import { isRecord, type JsonRecord } from "../../src/core/json.ts";
import { readMessage } from "../api/anthropic-reader.ts";
import { errorOf, readStream } from "./said.ts";

/** An answer, however it came. */
export interface Ended {
  status: number;
  text: string;
}

/** A client dialect as far as one question and the end of its answer go. */
export interface Asker {
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** A question to a model. */
  body: (model: string, stream: boolean) => JsonRecord;
  /** What is wrong with the end of a stream that failed in the middle. */
  shortStream: (text: string) => string | undefined;
  /** A stream that the client takes for whole. */
  isWhole: (text: string) => boolean;
  /** The code of an answer that is an error object of this dialect and nothing else; throws when it is not. */
  codeOf: (text: string) => unknown;
}

/** What is wrong with the answer to a question whose backend broke off: it must be an error in one of its two forms. */
export function faultOf(asker: Asker, stream: boolean, { status, text }: Ended): string | undefined {
  try {
    if (status === 200) return stream ? asker.shortStream(text) : "status 200";
    if (status < 500) return `status ${status}`;
    return wrongCode(asker.codeOf(text));
  } catch (thrown) {
    return String(thrown);
  }
}

const messages = [{ role: "user", content: "hi" }];

export const RESPONSES: Asker = {
  path: "/v1/responses",
  body: (model, stream) => ({ model, stream, input: "hi" }),
  shortStream: shortResponse,
  isWhole: (text) => /^event: response\.(?:completed|incomplete)\n/m.test(text),
  codeOf: (text) => errorOf({ text }).code,
};

/** Every way to ask for a text. */
export const ASKERS: Readonly<Record<string, Asker>> = {
  "chat completions": {
    path: "/v1/chat/completions",
    body: (model, stream) => ({ model, stream, messages }),
    ...openai(),
  },
  completions: {
    path: "/v1/completions",
    body: (model, stream) => ({ model, stream, prompt: "hi" }),
    ...openai(),
  },
  responses: RESPONSES,
  messages: {
    path: "/v1/messages",
    headers: { "anthropic-version": "2023-06-01" },
    body: (model, stream) => ({ model, stream, max_tokens: 64, messages }),
    shortStream: shortMessage,
    isWhole: (text) => readMessage(text).stopped,
    codeOf: (text) => anthropicCode(record(JSON.parse(text))),
  },
  "Ollama's chat": {
    path: "/api/chat",
    body: (model, stream) => ({ model, stream, messages }),
    ...ollama(),
  },
  "Ollama's generate": {
    path: "/api/generate",
    body: (model, stream) => ({ model, stream, prompt: "hi" }),
    ...ollama(),
  },
};

type Words = Pick<Asker, "shortStream" | "isWhole" | "codeOf">;

function openai(): Words {
  return {
    shortStream(text) {
      const { done, finishes, error } = readStream(text);
      if (done) return "[DONE]";
      return finishes.length > 0 ? `finish_reason ${finishes.join()}` : wrongCode(error?.code);
    },
    isWhole: (text) => readStream(text).done,
    codeOf: (text) => errorOf({ text }).code,
  };
}

/** The flat error for the SDK's raw streams, then the failed response for its helpers. */
function shortResponse(text: string): string | undefined {
  const events = text.split("\n\n").slice(0, -1).map(readEvent);
  events.forEach(({ sequence_number: number }, at) => {
    if (number !== at) throw new Error(`event ${at} has the number ${String(number)}`);
  });
  const end = events.find(({ type }) => /^response\.(?:completed|incomplete|cancelled)$/.test(String(type)));
  if (end) return String(end.type);
  const [error = {}, failed = {}] = events.slice(-2);
  if (error.type !== "error" || failed.type !== "response.failed")
    return `the end is ${String(error.type)}, ${String(failed.type)}`;
  const { status, error: why } = record(failed.response);
  if (status !== "failed") return `a response that is ${String(status)}`;
  return wrongCode(error.code) ?? (record(why).message === error.message ? undefined : "two errors");
}

function readEvent(frame: string): JsonRecord {
  const [, type, data = ""] = /^event: (\S+)\ndata: ([^\n]*)$/.exec(frame) ?? [];
  const event = record(JSON.parse(data));
  if (event.type !== type) throw new Error(`no frame: ${frame}`);
  return event;
}

function shortMessage(text: string): string | undefined {
  const { stopped, types, error, message } = readMessage(text);
  if (stopped || types.includes("message_delta")) return "a message that stopped";
  if (typeof message.stop_reason === "string") return `stop_reason ${message.stop_reason}`;
  return types.at(-1) === "error" ? wrongCode(anthropicCode(record(error))) : "no error";
}

function anthropicCode({ type, error, request_id: id }: JsonRecord): unknown {
  const { type: kind, message, details } = record(error);
  if (type !== "error" || [kind, message, id].some((text) => typeof text !== "string"))
    throw new Error("no error of Anthropic's");
  return record(details).error_code;
}

function ollama(): Words {
  return {
    shortStream(text) {
      const lines = linesOf(text);
      if (lines.some(({ done }) => done === true)) return "done";
      return lines.findIndex(({ error }) => error !== undefined) === lines.length - 1
        ? wrongCode(ollamaCode(lines.at(-1) ?? {}))
        : "no error at its end";
    },
    isWhole: (text) => linesOf(text).at(-1)?.done === true,
    codeOf: (text) => ollamaCode(record(JSON.parse(text))),
  };
}

function linesOf(text: string): JsonRecord[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => record(JSON.parse(line)));
}

/** An error of Ollama's is a sentence; it has no codes. */
function ollamaCode({ error, ...rest }: JsonRecord): unknown {
  if (typeof error !== "string" || error === "" || Object.keys(rest).length > 0)
    throw new Error("no error of Ollama's");
  return "upstream_";
}

function wrongCode(code: unknown): string | undefined {
  return typeof code === "string" && code.startsWith("upstream_") ? undefined : `the code ${String(code)}`;
}

function record(value: unknown): JsonRecord {
  if (!isRecord(value)) throw new Error("no object");
  return value;
}
