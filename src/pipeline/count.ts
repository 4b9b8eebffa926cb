import { estimateTokens } from "../core/prompt-tokens.ts";
import type { Backend } from "../backends/backend.ts";
import { readBodyText } from "../backends/body-text.ts";
import type { UpstreamResponse } from "../backends/transport.ts";
import { Failure } from "../core/failure.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { TextRequest } from "../core/request.ts";
import { destinationOf } from "./prepare.ts";
import { readFailure } from "./read.ts";
import { firstUp, type Resolved, type Target } from "./resolve.ts";
import { translated } from "./translate.ts";

/** Tokens of a request. */
export interface Count {
  tokens: number;
  /** True when the backend does not count, and this is a guess. */
  estimated: boolean;
  /** The name of the backend that they were counted for. */
  backend: string;
}

/** Longest answer read, bytes: it is one number, and at vLLM all the tokens' own numbers. */
const ANSWER_MAX = 16 * 1024 * 1024;

/**
 * Counts the tokens of a Messages request as its backend would: Anthropic's and llama-server's count such a body
 * themselves, vLLM counts the chat it would get. Where nobody counts it is a guess. Throws what Anthropic says no with,
 * `cancelled`, and `invalid_request`.
 */
export async function countTokens(
  request: TextRequest,
  resolved: Resolved,
  signal: AbortSignal,
): Promise<Count> {
  const target = firstUp(resolved);
  const backend = target.backend.name;
  if (target.backend.adapter.dialect === "anthropic")
    return {
      tokens: await countAtAnthropic({ request, target, resolved, signal }),
      estimated: false,
      backend,
    };
  // What is wrong with the request is an error wherever it is counted.
  const prompt = request.prompt();
  const tokens = await countLocally({ request, target, resolved, signal });
  if (tokens !== undefined) return { tokens, estimated: false, backend };
  return { tokens: estimateTokens(prompt), estimated: true, backend };
}

const PATH = "/v1/messages/count_tokens";
/** The version that every release of Anthropic's API and every server that copies it understands. */
const VERSION = "2023-06-01";

async function countAtAnthropic({ request, target, resolved, signal }: Counting): Promise<number> {
  const { backend } = target;
  const headers = { "anthropic-version": VERSION, ...backend.headers, ...request.headers };
  try {
    // As it would be sent, without other vendors' signatures; but what was added is for an answer, and refused here.
    const whole = Object.entries(writtenBody(request, target, resolved));
    const asked = Object.fromEntries(whole.filter(([name]) => name === "model" || request.body.has(name)));
    const response = await send(backend, { path: PATH, headers, body: [encoded(asked)] }, signal);
    if (response.status >= 300) throw await readFailure(response, backend.adapter);
    const tokens = numberIn(await readBodyText(response, ANSWER_MAX), "input_tokens");
    if (tokens === undefined)
      throw new Failure("upstream_bad_response", "The backend's answer does not tell a number of tokens.");
    return tokens;
  } catch (thrown) {
    throw backend.withoutSecrets(Failure.from(thrown));
  }
}

interface Counting {
  request: TextRequest;
  target: Target;
  resolved: Resolved;
  signal: AbortSignal;
}

/** What an engine counts; undefined when it cannot, or its release does not know how: a guess is better than an error. */
async function countLocally(counting: Counting): Promise<number | undefined> {
  const { target, signal } = counting;
  const { backend } = target;
  const question = questionFor(counting);
  if (!question) return undefined;
  const { path, body, field } = question;
  try {
    const response = await send(backend, { path, headers: backend.headers, body }, signal);
    const text = await readBodyText(response, ANSWER_MAX);
    return response.status === 200 ? numberIn(text, field) : undefined;
  } catch (thrown) {
    if (signal.aborted) throw Failure.from(thrown);
    return undefined;
  }
}

interface Question {
  path: string;
  body: Uint8Array[];
  /** Of the answer: the number. */
  field: string;
}

function questionFor({ request, target, resolved }: Counting): Question | undefined {
  const { preset } = target.backend;
  if (preset.name === "llamacpp")
    return { path: PATH, body: withModel(request, target), field: "input_tokens" };
  if (preset.name !== "vllm") return undefined;
  const chat = writtenBody(request, target, resolved);
  const asked: JsonRecord = { add_generation_prompt: true };
  for (const field of ["model", "messages", "tools", "chat_template_kwargs"])
    if (chat[field] !== undefined) asked[field] = chat[field];
  return { path: "/tokenize", body: [encoded(asked)], field: "count" };
}

function withModel(request: TextRequest, { model }: Target): Uint8Array[] {
  return request.body.edit(new Map([["model", model]]));
}

/** What the backend would be sent. */
function writtenBody(request: TextRequest, target: Target, resolved: Resolved): JsonRecord {
  const { adapter, profile } = target.backend;
  const { asked } = translated(request, { adapter, profile }, []);
  const { body } = adapter.write(asked, destinationOf({ target, ...resolved }), []);
  const chat: unknown = JSON.parse(Buffer.concat(body).toString());
  return isRecord(chat) ? chat : {};
}

function encoded(body: JsonRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}

function send(
  { transport, timeouts, preset }: Backend,
  asked: { path: string; headers: Readonly<Record<string, string>>; body: Uint8Array[] },
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  return transport.send({ method: "POST", ...asked, signal, timeouts, keepAlive: preset.keepAlive });
}

function numberIn(text: string, field: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const number = isRecord(value) ? value[field] : undefined;
    return typeof number === "number" ? number : undefined;
  } catch {
    return undefined;
  }
}
