import type { Ask } from "../../../src/backends/ask.ts";
import { asker } from "../../../src/backends/ask.ts";
import { httpTransport } from "../../../src/backends/client.ts";
import { bodyOf, replyOf, type Script } from "./engines.ts";

/** A scripted server on a real socket, for as long as the scope lasts. */
export interface Served extends Disposable {
  url: string;
  port: number;
  /** Answers something else from now on. */
  become(script: Script): void;
}

/** Port 0 lets the system choose. */
export function serve(script: Script, port = 0): Served {
  let current = script;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const sent = await request.text();
      const body = sent === "" ? undefined : (JSON.parse(sent) as unknown);
      const reply = replyOf(current, { path: pathname + search, body, headers: request.headers });
      return new Response(bodyOf(reply), { status: reply.status ?? 200, headers: reply.headers ?? {} });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: Number(server.port),
    become(next) {
      current = next;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** Questions to a real address. */
export function askAt(url: string): Ask {
  return asker({ transport: httpTransport({ url }), headers: {} }, new AbortController().signal, 5_000);
}
