import type { Transport, UpstreamRequest, UpstreamTimeouts } from "../../../src/backends/transport.ts";
import { Failure } from "../../../src/core/failure.ts";

/** What came of one request: all that could be read of the answer, and the failure that ended it. */
export interface Heard {
  status: number | undefined;
  headers: ReadonlyMap<string, string>;
  text: string;
  /** The failure's code; undefined when the answer was whole. */
  failed: Failure["code"] | undefined;
}

/** Far longer than any test: a limit that counts is named by its test. */
export const PATIENT: UpstreamTimeouts = { connect: 10_000, firstByte: 10_000, idle: 10_000 };

/** A POST without a body, unless told otherwise. */
export function question(parts: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const signal = new AbortController().signal;
  return { method: "POST", path: "/ask", headers: {}, signal, timeouts: PATIENT, ...parts };
}

/** Asks and reads all there is. */
export async function hear(transport: Transport, parts: Partial<UpstreamRequest> = {}): Promise<Heard> {
  const heard: Heard = { status: undefined, headers: new Map(), text: "", failed: undefined };
  try {
    const { status, headers, body } = await transport.send(question(parts));
    Object.assign(heard, { status, headers });
    const decoder = new TextDecoder();
    for await (const bytes of body) heard.text += decoder.decode(bytes, { stream: true });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    heard.failed = thrown.code;
  }
  return heard;
}

/** The code of the failure that a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure["code"] | undefined> {
  try {
    await promise;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
}
