/**
 * Fairlead's own HTTP client against the runtime's, side by side: `bun scripts/bench-client.ts`. What a request and a chunk
 * cost in CPU time, and which faults of a backend become faults of the client. Takes well under a minute.
 *
 * The clients and the upstream have a process each, all on the loopback address; the clients take turns, so that a busy
 * moment of the machine hits all of them, and the median of the rounds counts. Read the ratios: the figures themselves
 * differ from machine to machine.
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { CONTENDERS, type Cost, type Work } from "./bench-client-contender.ts";
import { CUT_BYTES } from "./bench-client-upstream.ts";

const ROUNDS = 3;
/** Answers cut in each way. */
const CUTS = 200;
/** Streams one after the other, to a server that closes each connection after promising to keep it. */
const BETRAYALS = 500;
/** Requests that hang while one more is asked. */
const HUNG = 256;
/** How long that one may take, ms. */
const HUNG_WAIT_MS = 1_000;

const WORKS: readonly { what: string; work: Work; unitsEach: number; unit: string }[] = [
  {
    what: "1 KB in, 0.5 KB of JSON out, 32 at once",
    work: work("/json", 32, 10_000),
    unitsEach: 1,
    unit: "request",
  },
  {
    what: "100 streams, 20 chunks a second each",
    work: work("/paced?events=20", 100, 100),
    unitsEach: 20,
    unit: "chunk",
  },
  {
    what: "8 streams as fast as they come, 1,000 chunks",
    work: work("/events?events=1000", 8, 200),
    unitsEach: 1_000,
    unit: "chunk",
  },
  {
    what: "32 streams as fast as they come, 20 chunks",
    work: work("/events?events=20", 32, 3_000),
    unitsEach: 20,
    unit: "chunk",
  },
];

const FAULTS: readonly { what: string; path: string }[] = [
  { what: "chunked, FIN", path: "/cut/chunked/fin" },
  { what: "chunked, RST", path: "/cut/chunked/rst" },
  { what: "content-length, FIN", path: "/cut/length/fin" },
  { what: "content-length, RST", path: "/cut/length/rst" },
  { what: "until close, RST", path: "/cut/close/rst" },
];

class Contender {
  readonly name: string;
  readonly #child: Bun.Subprocess;
  #answered = Promise.withResolvers<Cost>();

  constructor(name: string, url: string) {
    this.name = name;
    this.#child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "bench-client-contender.ts"), name, url],
      {
        stdio: ["ignore", "inherit", "ignore"],
        ipc: (cost: Cost) => this.#answered.resolve(cost),
      },
    );
  }

  do(asked: Work): Promise<Cost> {
    this.#answered = Promise.withResolvers();
    this.#child.send(asked);
    return this.#answered.promise;
  }

  stop(): void {
    this.#child.kill();
  }
}

if (import.meta.main) {
  const upstream = Bun.spawn([process.execPath, join(import.meta.dir, "bench-client-upstream.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { value } = await upstream.stdout.getReader().read();
  const url = `http://127.0.0.1:${Buffer.from(value ?? [])
    .toString()
    .trim()}`;
  const contenders = Object.keys(CONTENDERS).map((name) => new Contender(name, url));
  try {
    await report(contenders);
  } finally {
    for (const contender of contenders) contender.stop();
    upstream.kill();
  }
}

async function report(contenders: Contender[]): Promise<void> {
  const [first] = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version}, ${cpus().length} x ${first?.model.trim()}\n`,
  );
  const names = contenders.map(({ name }) => name);
  row(["CPU time, microseconds", ...names]);
  row(["---", ...names.map(() => "---:")]);
  for (const { what, unit, unitsEach, work: asked } of WORKS) {
    const costs = await inTurns(contenders, async (contender) => {
      const { cpu, whole } = await contender.do(asked);
      if (whole !== asked.total)
        throw new Error(`${contender.name} failed ${asked.total - whole} of ${what}`);
      return cpu / (asked.total * unitsEach);
    });
    row([`${what}: each ${unit}`, ...costs.map((cost) => cost.toFixed(cost < 10 ? 2 : 1))]);
  }
  console.log();
  row(["Fault", ...names]);
  row(["---", ...names.map(() => "---:")]);
  for (const { what, path } of FAULTS) {
    row([`cut (${what}): bytes lost, taken for whole`, ...(await each(contenders, (one) => cut(one, path)))]);
  }
  row([
    `errors in ${BETRAYALS} streams, each connection closed after it`,
    ...(await each(contenders, betray)),
  ]);
  row([`a request beside ${HUNG} that hang`, ...(await each(contenders, besideHung))]);
}

/** The median of all rounds for each contender. */
async function inTurns(
  contenders: Contender[],
  measure: (one: Contender) => Promise<number>,
): Promise<number[]> {
  const rounds: number[][] = [];
  // The first round warms up and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const costs: number[] = [];
    for (const contender of contenders) costs.push(await measure(contender));
    if (round > 0) rounds.push(costs);
  }
  return contenders.map(
    (_, i) => rounds.map((costs) => costs[i] ?? 0).sort((a, b) => a - b)[ROUNDS >> 1] ?? 0,
  );
}

async function each(
  contenders: Contender[],
  measure: (one: Contender) => Promise<string>,
): Promise<string[]> {
  const results: string[] = [];
  for (const contender of contenders) results.push(await measure(contender));
  return results;
}

async function cut(contender: Contender, path: string): Promise<string> {
  const { bytes, whole } = await contender.do(work(path, 4, CUTS));
  return `${percent(1 - bytes / (CUTS * CUT_BYTES))}, ${percent(whole / CUTS)}`;
}

async function betray(contender: Contender): Promise<string> {
  const { whole } = await contender.do(work("/betray?events=5", 1, BETRAYALS));
  return String(BETRAYALS - whole);
}

/** To be the last one: the requests that hang are never ended. */
async function besideHung(contender: Contender): Promise<string> {
  void contender.do(work("/hang", HUNG, HUNG));
  const began = performance.now();
  const answered = await Promise.race([
    contender.do(work("/json", 1, 1)).then(() => true),
    Bun.sleep(HUNG_WAIT_MS).then(() => false),
  ]);
  return answered ? `${(performance.now() - began).toFixed(0)} ms` : `none in ${HUNG_WAIT_MS} ms`;
}

function work(path: string, concurrency: number, total: number): Work {
  return { path, concurrency, total };
}

function percent(part: number): string {
  return `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
}

function row(cells: string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
