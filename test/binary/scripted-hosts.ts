import { anthropic } from "../matrix/hosts/anthropic.ts";
import { gemini } from "../matrix/hosts/gemini.ts";
import { ollama } from "../matrix/hosts/ollama.ts";
import { openai } from "../matrix/hosts/openai.ts";
import { responses } from "../matrix/hosts/responses.ts";
import type { Asked, Host, Reply } from "../matrix/scene.ts";
import { type RunningBinary, startBinary } from "./binary.ts";

/** A host of every dialect. Their names are those of the backends. */
export const HOST_NAMES = ["chat", "responses", "anthropic", "gemini", "ollama"] as const;
export type HostName = (typeof HOST_NAMES)[number];

const HOSTS: Readonly<Record<HostName, Host>> = {
  // Of the type "openai" it would be asked in Responses by clients of Responses.
  chat: { ...openai, type: "openai-compatible" },
  responses,
  anthropic,
  gemini,
  ollama,
};

/** What a host answers to one request; it may depend on that. */
export type Line = Reply | { refuses: "context" | "limit" } | ((asked: Asked) => Reply);

/** The compiled binary in front of a scripted host of every dialect. */
export interface Harbour extends AsyncDisposable {
  readonly server: RunningBinary;
  /** What the host answers to its next requests, one line each. What was left of the last script is forgotten. */
  script(name: HostName, ...lines: Line[]): void;
  /** What it was asked since its script was set. Throws what it found wrong with a request. */
  asked(name: HostName): Asked[];
}

/** The name under which a client asks for the only model of a host. */
export function modelOf(name: HostName): string {
  return `${name}/${HOSTS[name].model}`;
}

export async function startHarbour(config = ""): Promise<Harbour> {
  const berths: Readonly<Record<HostName, Berth>> = {
    chat: new Berth(HOSTS.chat),
    responses: new Berth(HOSTS.responses),
    anthropic: new Berth(HOSTS.anthropic),
    gemini: new Berth(HOSTS.gemini),
    ollama: new Berth(HOSTS.ollama),
  };
  const close = () => Promise.all(HOST_NAMES.map((name) => berths[name].server.stop(true)));
  try {
    const tables = HOST_NAMES.map((name) => tableOf(name, berths[name]));
    const server = await startBinary({ config: `${config}\n${tables.join("\n")}` });
    return {
      server,
      script: (name, ...lines) => berths[name].begin(lines),
      asked: (name) => berths[name].heard(),
      async [Symbol.asyncDispose]() {
        await server.stop();
        await close();
      },
    };
  } catch (problem) {
    await close();
    throw problem;
  }
}

function tableOf(name: HostName, { host, server }: Berth): string {
  return `[backends.${name}]
type = "${host.type}"
url = "http://127.0.0.1:${server.port}"
api_key = "a-key-of-the-host"
models = ["${host.model}"]
`;
}

/** Bytes that a host sends at once: no frame comes whole, and hardly one begins where a piece does. */
const PIECE_BYTES = 61;

/** One host at its own port. */
class Berth {
  readonly host: Host;
  readonly server: Bun.Server<undefined>;
  #lines: Line[] = [];
  #asked: Asked[] = [];
  #complaints: string[] = [];

  constructor(host: Host) {
    this.host = host;
    this.server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
  }

  begin(lines: readonly Line[]): void {
    this.#lines = [...lines];
    this.#asked = [];
    this.#complaints = [];
  }

  heard(): Asked[] {
    if (this.#complaints.length > 0) throw new Error(`the host: ${this.#complaints.join("; ")}`);
    return this.#asked;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    // What is asked about the host itself, at any time: it tells nothing.
    if (request.method === "GET" || pathname === "/api/show") return new Response("", { status: 404 });
    try {
      const body = (await request.json()) as Record<string, unknown>;
      const asked = this.host.read(pathname + search, body);
      this.#asked.push(asked);
      const line = this.#lines.shift();
      if (!line) throw new Error(`asked once more than the script knows: ${asked.lines.join(" | ")}`);
      if ("refuses" in line) return refusal(this.host, line.refuses);
      return answer(this.host, typeof line === "function" ? line(asked) : line, asked.stream);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      this.#complaints.push(message);
      return Response.json({ error: { message } }, { status: 400 });
    }
  }
}

function refusal(host: Host, kind: "context" | "limit"): Response {
  const { status, body, headers } = host.error(kind);
  return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
}

function answer(host: Host, reply: Reply, stream: boolean): Response {
  const { type, body } = host.answer(reply, stream);
  const headers = { "content-type": type };
  if (stream) return new Response(inPieces(body), { headers });
  // A document that is cut ends in the middle; a stream was made without its end.
  return new Response(reply.fault ? body.slice(0, Math.ceil(body.length / 2)) : body, { headers });
}

function inPieces(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  let sent = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (sent < bytes.length) controller.enqueue(bytes.slice(sent, (sent += PIECE_BYTES)));
      else controller.close();
    },
  });
}
