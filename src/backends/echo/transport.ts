import { Failure } from "../../core/failure.ts";
import type { RawObject } from "../../core/request.ts";
import { readObject } from "../../wire/json.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "../transport.ts";
import { type EchoAnswer, json } from "./answer.ts";
import { chat } from "./chat.ts";
import { completions } from "./completions.ts";
import { embeddings } from "./embeddings.ts";
import { CONTEXT_LENGTH } from "./words.ts";

/**
 * The built-in model: a backend inside this process, which speaks OpenAI's HTTP like any other. It says again what it
 * is told, so that an application can be developed with no engine and no key.
 *
 * `send` rejects with Failure `cancelled` once the signal fired; a bad request is an answer with status 400.
 */
export function echoTransport(): Transport {
  return { send: respond, close: () => {} };
}

async function respond(request: UpstreamRequest): Promise<UpstreamResponse> {
  if (request.signal.aborted) throw cancelled(request.signal);
  try {
    return response(200, route(request), request.signal);
  } catch (thrown) {
    const failure = Failure.from(thrown);
    if (failure.code === "internal_error") throw failure;
    const status = failure.code === "not_found" ? 404 : 400;
    return response(status, json([errorObject(failure)]), request.signal);
  }
}

const POSTS: ReadonlyMap<string, (body: RawObject) => EchoAnswer> = new Map([
  ["/v1/chat/completions", chat],
  ["/v1/completions", completions],
  ["/v1/embeddings", embeddings],
]);

function route({ method, path, body = [] }: UpstreamRequest): EchoAnswer {
  const [name = ""] = path.split("?", 1);
  const post = POSTS.get(name);
  if (method === "POST" && post) return post(readObject(Buffer.concat(body)));
  if (method === "GET" && name === "/v1/models") return json([JSON.stringify(MODELS)]);
  throw new Failure("not_found", `Invalid URL (${method} ${name})`);
}

const MODELS = {
  object: "list",
  data: [
    {
      id: "echo",
      object: "model",
      created: 0,
      owned_by: "fairlead",
      context_length: CONTEXT_LENGTH,
      architecture: { input_modalities: ["text"], output_modalities: ["text"] },
    },
  ],
};

function errorObject({ message, detail }: Failure): string {
  const { param = null, upstreamCode: code = null } = detail;
  return JSON.stringify({ error: { message, type: "invalid_request_error", param, code } });
}

function response(status: number, { contentType, reads }: EchoAnswer, signal: AbortSignal): UpstreamResponse {
  return { status, headers: new Map([["content-type", contentType]]), body: bytes(reads, signal) };
}

const encoder = new TextEncoder();

/**
 * Each read is a turn of the event loop of its own, as it would be from a socket: other answers go on meanwhile, and the
 * client's leaving is noticed. That costs about 1 us per read.
 */
async function* bytes(reads: Iterable<string>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (const read of reads) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signal.aborted) throw cancelled(signal);
    yield encoder.encode(read);
  }
}

function cancelled(signal: AbortSignal): Failure {
  return new Failure("cancelled", "The request was cancelled.", { cause: signal.reason });
}
