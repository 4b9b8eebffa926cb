/**
 * One HTTP client of `bench-client.ts`, in a process of its own: does the work that its parent asks for and says what it
 * cost. `bun bench-client-contender.ts NAME URL`.
 */
import { Agent, request as nodeRequest } from "node:http";
import { httpTransport } from "../src/backends/client.ts";

/** `concurrency` times at once, `total` times in all. */
export interface Work {
  path: string;
  concurrency: number;
  total: number;
}

/** Sums over all requests. */
export interface Cost {
  /** CPU time of the whole process, microseconds. */
  cpu: number;
  /** Bytes of bodies. */
  bytes: number;
  /** Answers that ended as if they were whole. */
  whole: number;
}

/** Asks and reads all of the answer, as far as it comes. Rejects when the client says that it is not whole. */
type Ask = (path: string, take: (bytes: Uint8Array) => void) => Promise<unknown>;

const BODY = new TextEncoder().encode(
  JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "x".repeat(950) }] }),
);
const HEADERS = Object.freeze({ authorization: "Bearer bench" });

/** Every client under its name. Each is used as a gateway would use it: with a signal, reading as bytes arrive. */
export const CONTENDERS: Readonly<Record<string, (url: string) => Ask>> = {
  "Fairlead's own": ownClient,
  fetch: (url) => fetchClient(url, true),
  "fetch, keepalive: false": (url) => fetchClient(url, false),
  "node:http": nodeClient,
};

if (import.meta.main) {
  const [name = "", url = ""] = process.argv.slice(2);
  const ask = CONTENDERS[name]?.(url);
  if (!ask) throw new Error(`no client is called "${name}"`);
  process.on("message", (work: Work) => void run(ask, work).then((cost) => process.send?.(cost)));
  process.on("disconnect", () => process.exit(0));
}

async function run(ask: Ask, { path, concurrency, total }: Work): Promise<Cost> {
  const cost: Cost = { cpu: 0, bytes: 0, whole: 0 };
  const take = (bytes: Uint8Array): void => void (cost.bytes += bytes.length);
  const before = process.cpuUsage();
  let left = total;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      await ask(path, take).then(
        () => cost.whole++,
        () => undefined,
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  return { ...cost, cpu: user + system };
}

function ownClient(url: string): Ask {
  const client = httpTransport({ url });
  const timeouts = { connect: 5_000, firstByte: 60_000, idle: 60_000 };
  return async (path, take) => {
    const { signal } = new AbortController();
    const { body } = await client.send({
      method: "POST",
      path,
      headers: HEADERS,
      body: [BODY],
      signal,
      timeouts,
    });
    for await (const bytes of body) take(bytes);
  };
}

function fetchClient(url: string, keepalive: boolean): Ask {
  const headers = { ...HEADERS, "content-type": "application/json" };
  return async (path, take) => {
    const { signal } = new AbortController();
    const { body } = await fetch(url + path, { method: "POST", headers, body: BODY, signal, keepalive });
    if (body) for await (const bytes of body) take(bytes);
  };
}

function nodeClient(url: string): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const headers = { ...HEADERS, "content-type": "application/json", "content-length": BODY.length };
  return (path, take) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { signal } = new AbortController();
    const sent = nodeRequest(url + path, { method: "POST", agent, headers, signal }, (answer) => {
      answer.on("data", take).on("error", reject).on("aborted", reject);
      answer.on("end", () => (answer.complete ? resolve() : reject(new Error("not complete"))));
    });
    sent.on("error", reject);
    sent.end(BODY);
    return promise;
  };
}
