import type { UpstreamResponse } from "../../src/backends/transport.ts";

/** A backend's answer in this process. */
export interface Answered extends UpstreamResponse {
  /** Set once the reader has read to the end, or has left. */
  done: boolean;
}

/** One network read each; an error is a fault of the connection, thrown when its turn comes. */
export type Reads = Iterable<string | Uint8Array | Error> | AsyncIterable<string | Uint8Array | Error>;

/** Status 200 and an event stream, unless told otherwise. A text is one read. */
export function answered(
  reads: string | Reads,
  {
    status = 200,
    type = "text/event-stream",
    headers = {},
  }: { status?: number; type?: string; headers?: Record<string, string> } = {},
): Answered {
  const state = { done: false };
  const body = async function* () {
    try {
      for await (const read of typeof reads === "string" ? [reads] : reads) {
        if (read instanceof Error) throw read;
        yield typeof read === "string" ? new TextEncoder().encode(read) : read;
      }
    } finally {
      state.done = true;
    }
  };
  return Object.assign(state, {
    status,
    headers: new Map(Object.entries({ "content-type": type, ...headers })),
    body: body(),
  });
}

/** Values, or texts as they are, as the frames of an event stream. */
export function sse(...payloads: readonly unknown[]): string {
  return payloads
    .map((payload) => `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`)
    .join("");
}

/** A chunk of OpenAI's chat stream. */
export function chunk(delta: object, finish: string | null = null, index = 0): object {
  return { id: "chatcmpl-1", created: 3, model: "real", choices: [{ index, delta, finish_reason: finish }] };
}
