import { echoTransport } from "../../src/backends/echo/transport.ts";
import type { UpstreamResponse } from "../../src/backends/transport.ts";

const NO_LIMITS = { connect: 0, firstByte: 0, idle: 0 };

/** Sends one request to the built-in model; a body that is no string is sent as JSON. Without one it is a GET. */
export function send(
  path: string,
  body?: unknown,
  signal = new AbortController().signal,
): Promise<UpstreamResponse> {
  const headers = { "content-type": "application/json" };
  const common = { path, headers, signal, timeouts: NO_LIMITS };
  if (body === undefined) return echoTransport().send({ ...common, method: "GET" });
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  // In two pieces, as a request with a replaced field comes.
  return echoTransport().send({ ...common, method: "POST", body: [bytes.subarray(0, 7), bytes.subarray(7)] });
}

/** The network reads of an answer, as text. */
export async function reads(response: UpstreamResponse): Promise<string[]> {
  return (await Array.fromAsync(response.body)).map((bytes) => new TextDecoder().decode(bytes));
}

export async function ask(path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const response = await send(path, body);
  return { status: response.status, json: JSON.parse((await reads(response)).join("")) };
}

/** The chunks of a streamed answer, one from each read but the last, which must be `[DONE]`. */
export async function chunks(path: string, body: object): Promise<unknown[]> {
  const frames = await reads(await send(path, { ...body, stream: true }));
  if (frames.pop() !== "data: [DONE]\n\n") throw new Error("the stream does not end with [DONE]");
  return frames.map((frame) => {
    const [, payload] = /^data: (\{[^\n]*\})\n\n$/.exec(frame) ?? [];
    if (payload === undefined) throw new Error(`not one event: ${JSON.stringify(frame)}`);
    return JSON.parse(payload);
  });
}

/** What stands at a path in JSON, undefined where the path leads nowhere. */
export function at(json: unknown, ...path: (string | number)[]): unknown {
  return path.reduce((value: unknown, name) => {
    const inside = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return inside.find(([key]) => key === String(name))?.[1];
  }, json);
}

/** The entries that all chunks have for one choice, in order. */
export function choice(stream: readonly unknown[], index = 0): unknown[] {
  return stream
    .flatMap((chunk) => list(at(chunk, "choices")))
    .filter((entry) => at(entry, "index") === index);
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What one choice of a chat stream says. */
export function said(stream: readonly unknown[], index = 0): string {
  return choice(stream, index)
    .map((entry) => at(entry, "delta", "content") ?? "")
    .join("");
}
