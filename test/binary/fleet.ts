import OpenAI from "openai";
import { type RunningEngine, startLlamaServer } from "../engine/llama-server.ts";
import { type RunningBinary, startBinary } from "./binary.ts";

/** How long a build and the start of everything may take on a busy machine, ms. */
export const START_MS = 30_000;

/** The compiled binary in front of real engines, and the real SDK in front of that. */
export interface Fleet {
  readonly client: OpenAI;
  readonly server: RunningBinary;
  /** By the names of the backends. */
  readonly engines: ReadonlyMap<EngineName, RunningEngine>;
  stop(): Promise<void>;
}

export type EngineName = "tool" | "think" | "embed" | "eyes";

/** The id of each engine's model. That of the first has what Hugging Face puts into one. */
export const MODEL: Readonly<Record<EngineName, string>> = {
  tool: "org/tiny:tool",
  think: "tiny-think",
  embed: "tiny-embed",
  eyes: "tiny-eyes",
};

/** Only the engines that a file's tests ask. */
export async function startFleet(names: readonly EngineName[]): Promise<Fleet> {
  const started = await Promise.all(
    names.map(async (name) => {
      const model = name === "eyes" ? "mmproj" : name;
      return [name, await startLlamaServer({ model, args: ["--alias", MODEL[name]] })] as const;
    }),
  );
  const stopEngines = () => Promise.all(started.map(([, engine]) => engine.stop()));
  try {
    const config = started
      .map(([name, { url }]) => `[backends.${name}]\ntype = "llamacpp"\nurl = "${url}"\n`)
      .join("\n");
    const server = await startBinary({ config });
    const stop = async () => {
      await server.stop();
      await stopEngines();
    };
    return { client: clientOf(server), server, engines: new Map(started), stop };
  } catch (problem) {
    await stopEngines();
    throw problem;
  }
}

/** The SDK as an application makes it, but without second tries: they would hide a failure. */
export function clientOf(server: RunningBinary): OpenAI {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
}

/** A user's message as the list of messages. */
export function said(content: string): OpenAI.ChatCompletionMessageParam[] {
  return [{ role: "user", content }];
}

/** What the SDK throws. */
export async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (thrown) {
    return thrown;
  }
  throw new Error("it did not fail");
}

/** All chunks of a stream. */
export async function chunksOf<T>(stream: Promise<AsyncIterable<T>>): Promise<T[]> {
  return Array.fromAsync(await stream);
}
