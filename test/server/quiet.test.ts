import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Script, startUpstream } from "../upstream/scripted.ts";
import { EARLY, LATE } from "./ailments.ts";
import { Caller } from "./caller.ts";
import { answersHello, CHAT, lists, question } from "./questions.ts";

const KEY = "sk-canary-of-the-backend";
const PROMPT = "canary in the coal mine";
const SCRIPTS = [...EARLY, ...LATE].flatMap(([, backend]) =>
  typeof backend === "function" ? [backend] : [],
);

/** As sick as the request's seed says; well without one. */
const sick: Script = (request, wire) => {
  if (request.path !== CHAT) return lists(["m"])(request, wire);
  const { seed = -1 } = request.json() as { seed?: number };
  return (SCRIPTS[seed] ?? answersHello)(request, wire);
};

const configFor = (url: string) => `
[server]
heartbeat = "10ms"
drain = "20ms"
[discovery]
enabled = false
[backends.up]
type = "openai"
url = "${url}"
api_key = "${KEY}"
models = ["m"]
timeouts = { first_byte = "40ms", idle = "40ms" }
`;

/** Asks a sick backend in both ways, and a third time to leave before it is done. */
async function bother(port: number, seed: number): Promise<void> {
  const ask = (stream: boolean) => ({
    body: question({ seed, stream, messages: [{ role: "user", content: PROMPT }] }),
  });
  const [streaming, whole, leaving] = await Promise.all([1, 2, 3].map(() => Caller.dial(port)));
  leaving?.send(CHAT, ask(seed % 2 === 0));
  leaving?.line[seed % 3 === 0 ? "reset" : "close"]();
  await Promise.all([streaming?.ask(CHAT, ask(true)), whole?.ask(CHAT, ask(false))]);
  await leaving?.line.over;
}

test("a process whose clients and backends misbehave writes nothing but its log, and lives", async () => {
  await using upstream = await startUpstream(sick);
  const folder = mkdtempSync(join(tmpdir(), "fairlead-"));
  const config = join(folder, "fairlead.toml");
  writeFileSync(config, configFor(upstream.url), { mode: 0o600 });
  const main = resolve(import.meta.dir, "../../src/main.ts");
  const child = Bun.spawn([process.execPath, main, "--config", config, "--port", "0"], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdout: "pipe",
    stderr: "pipe",
  });
  try {
    const stderr = new Reader(child.stderr);
    const port = Number(await stderr.match(/^Fairlead .*:(\d+)\/v1$/m));
    await Promise.all(SCRIPTS.map((_, seed) => bother(port, seed)));
    const last = await Caller.dial(port);
    expect((await last.ask(CHAT, { body: question() })).status).toBe(200);
    last.send(CHAT, { body: question({ seed: SCRIPTS.indexOf(EARLY[7]?.[1] as Script), stream: true }) });
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    const written = await stderr.rest();
    const lines = written.slice(written.indexOf('\n{"time"')).trim().split("\n");
    // Every line behind the banner is a line of the log.
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ message: expect.any(String) });
    expect(lines.filter((line) => line.includes('"message":"request"')).length).toBeGreaterThan(
      2 * SCRIPTS.length,
    );
    expect(written + (await child.stdout.text())).not.toMatch(/canary/);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

/** A stream of text as it comes. */
class Reader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** The first group of the expression, as soon as it matches. */
  async match(expression: RegExp): Promise<string | undefined> {
    for (;;) {
      const found = expression.exec(this.#text);
      if (found) return found[1];
      if (!(await this.#more())) throw new Error(`not in ${this.#text}`);
    }
  }

  async rest(): Promise<string> {
    while (await this.#more());
    return this.#text;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (value) this.#text += Buffer.from(value).toString();
    return !done;
  }
}
