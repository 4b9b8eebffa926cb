import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText, type EmbeddingModel, type LanguageModel } from "ai";
import type { RunningBinary } from "./binary.ts";

/** One of the AI SDK's providers, as an application makes it. */
export interface AiProvider {
  readonly name: string;
  model(server: RunningBinary, id: string): LanguageModel;
  /** Undefined: it has no embeddings. */
  embedder?(server: RunningBinary, id: string): EmbeddingModel;
  /** It asks in Chat Completions: a host of the same gets its words as they are. */
  readonly chats: boolean;
  /** It shows the model's thoughts, and gives them back. */
  readonly thoughtful: boolean;
}

const openai = ({ url }: RunningBinary) => createOpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
const compatible = ({ url }: RunningBinary) =>
  createOpenAICompatible({
    name: "fairlead",
    baseURL: `${url}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });

export const AI_PROVIDERS: readonly AiProvider[] = [
  {
    name: "@ai-sdk/openai in its default mode, Responses",
    model: (server, id) => openai(server)(id),
    embedder: (server, id) => openai(server).embedding(id),
    chats: false,
    thoughtful: true,
  },
  {
    name: "@ai-sdk/openai in its chat mode",
    model: (server, id) => openai(server).chat(id),
    chats: true,
    thoughtful: false,
  },
  {
    name: "@ai-sdk/openai-compatible",
    model: (server, id) => compatible(server)(id),
    embedder: (server, id) => compatible(server).embeddingModel(id),
    chats: true,
    thoughtful: true,
  },
  {
    name: "@ai-sdk/anthropic",
    model: ({ url }, id) => createAnthropic({ baseURL: `${url}/v1`, apiKey: "none" })(id),
    chats: false,
    thoughtful: true,
  },
];

// That generateObject is deprecated: most programs call it all the same.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** For every call: no second tries, which would hide a failure, and a limit, without which one provider warns. */
export const FIRM = { maxRetries: 0, maxOutputTokens: 400 };

/** What a stream said: its text and thoughts, its errors, and the reason of its end. */
export interface Streamed {
  text: string;
  thought: string;
  errors: unknown[];
  /** Of its last part that tells one. */
  ends: string | undefined;
  aborted: boolean;
}

/** Reads a stream to its end. The SDK would print its errors, unless somebody takes them. */
export async function readStream(options: Parameters<typeof streamText>[0]): Promise<Streamed> {
  const seen: Streamed = { text: "", thought: "", errors: [], ends: undefined, aborted: false };
  for await (const part of streamText({ onError: () => {}, ...options }).stream) {
    if (part.type === "text-delta") seen.text += part.text;
    else if (part.type === "reasoning-delta") seen.thought += part.text;
    else if (part.type === "error") seen.errors.push(part.error);
    else if (part.type === "finish") seen.ends = part.finishReason;
    else if (part.type === "abort") seen.aborted = true;
  }
  return seen;
}
