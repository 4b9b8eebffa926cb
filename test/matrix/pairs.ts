import { backendTable } from "../backends/scene/config.ts";
import { startServer } from "../server/running.ts";
import type { Feature } from "./features.ts";
import type { Exchange } from "./judge.ts";
import type { Asked, Client, Host, Question, Reply } from "./scene.ts";

/** A server of ours in front of one host of each dialect. */
export interface Harbour extends AsyncDisposable {
  ask(client: Client, host: Host, feature: Feature): Promise<Exchange>;
}

interface Mooring {
  host: Host;
  server: Bun.Server<undefined>;
  feature: Feature | undefined;
  asked: Asked | undefined;
  /** What the host would answer with an error: it read what it refuses. */
  complaint: string | undefined;
}

export async function openHarbour(hosts: readonly Host[]): Promise<Harbour> {
  const moorings = new Map(hosts.map((host) => [host.name, moor(host)]));
  const backends = [...moorings.values()].map(({ host, server }) =>
    backendTable(host.name, host.type, {
      url: `http://127.0.0.1:${server.port}`,
      apiKey: "a-key-of-the-host",
      models: [host.model],
    }),
  );
  const running = await startServer({ backends });
  return {
    async ask(client, host, feature) {
      const mooring = moorings.get(host.name);
      if (!mooring) throw new Error(`no host ${host.name}`);
      mooring.feature = feature;
      const first = await put(client, mooring, feature.question);
      if (!feature.then) return { client, host, feature, ...first };
      mooring.feature = { ...feature, reply: { text: ["Calm."], ends: "stop" } };
      const { results } = feature.then;
      const ids = first.seen.calls.map(({ id }) => id);
      const turns = [
        ...feature.question.turns,
        { given: first.seen.given },
        { results: results.map((result, i) => ({ ...result, id: ids[i] ?? result.id })) },
      ];
      const second = await put(client, mooring, { ...feature.question, turns });
      if (second.status !== 200) throw new Error(`the second turn: ${second.status} ${second.seen.error}`);
      return { client, host, feature, ...first, asked: second.asked };
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      for (const { server } of moorings.values()) await server.stop(true);
    },
  };

  async function put(client: Client, mooring: Mooring, question: Question) {
    const { path, headers = {}, body } = client.write(question, `${mooring.host.name}/${mooring.host.model}`);
    mooring.asked = undefined;
    mooring.complaint = undefined;
    const response = await running.post(path, body, headers);
    const text = await response.text();
    if (mooring.complaint !== undefined) throw new Error(`the host: ${mooring.complaint}`);
    const stream = /event-stream|ndjson/.test(response.headers.get("content-type") ?? "");
    const seen = client.read({ status: response.status, text, stream });
    const notes = (response.headers.get("x-fairlead-notes") ?? "").split(", ").filter(Boolean);
    const retryAfter = response.headers.get("retry-after");
    return { seen, asked: mooring.asked, status: response.status, retryAfter, notes };
  }
}

function moor(host: Host): Mooring {
  const mooring: Mooring = {
    host,
    feature: undefined,
    asked: undefined,
    complaint: undefined,
    server: Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        try {
          mooring.asked = host.read(pathname + search, (await request.json()) as Record<string, unknown>);
        } catch (thrown) {
          mooring.complaint = thrown instanceof Error ? thrown.message : String(thrown);
          return new Response(JSON.stringify({ error: { message: mooring.complaint } }), { status: 400 });
        }
        return answer(host, mooring.feature, mooring.asked);
      },
    }),
  };
  return mooring;
}

function answer(host: Host, feature: Feature | undefined, { stream }: Asked): Response {
  if (!feature) return new Response("nothing was asked for", { status: 500 });
  if (feature.refuses) {
    const { status, body, headers } = host.error(feature.refuses);
    return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
  }
  const { type, body } = host.answer(feature.reply, stream);
  return new Response(cutWhole(feature.reply, stream, body), { headers: { "content-type": type } });
}

/** A document that is cut ends in the middle; a stream was made without its end. */
function cutWhole({ fault }: Reply, stream: boolean, body: string): string {
  return fault !== undefined && !stream ? body.slice(0, Math.ceil(body.length / 2)) : body;
}
