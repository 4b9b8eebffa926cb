/**
 * Prints what a start of the compiled binary costs: the time from starting the process to the first 200 (median of
 * ten), and the memory it holds while idle. Exit code 1 when either is over its limit. Ends by itself in seconds.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const STARTS = 10;
const START_LIMIT_MS = 60;
const MEMORY_LIMIT_MB = 60;
/** After the first answer: long enough for what the start left over to be collected. */
const IDLE_MS = 1000;
const PATIENCE_MS = 10_000;

const binary = process.argv[2] ?? join(import.meta.dir, "../dist/fairlead");
// An empty folder, so that no config of this machine is measured along.
const folder = mkdtempSync(join(tmpdir(), "fairlead-measure-"));
process.exitCode = await measure().finally(() => rmSync(folder, { recursive: true, force: true }));

async function measure(): Promise<number> {
  const times: number[] = [];
  let memory = 0;
  for (let i = 0; i < STARTS; i++) {
    const { ms, pid, stop } = await start();
    times.push(ms);
    if (i === STARTS - 1) {
      await Bun.sleep(IDLE_MS);
      memory = residentMegabytes(pid);
    }
    await stop();
  }
  times.sort((a, b) => a - b);
  const median = ((times[STARTS / 2 - 1] ?? 0) + (times[STARTS / 2] ?? 0)) / 2;
  const spread = `${times[0]?.toFixed(1)} to ${times.at(-1)?.toFixed(1)}`;
  console.log(
    `start to first 200: ${median.toFixed(1)} ms (median of ${STARTS}, ${spread}; limit ${START_LIMIT_MS})`,
  );
  console.log(`idle memory:        ${memory.toFixed(1)} MB (resident; limit ${MEMORY_LIMIT_MB})`);
  return median < START_LIMIT_MS && memory < MEMORY_LIMIT_MB ? 0 : 1;
}

/** Starts the binary and waits for its first 200. */
async function start(): Promise<{ ms: number; pid: number; stop: () => Promise<unknown> }> {
  const began = performance.now();
  const child = Bun.spawn([binary, "serve", "--port", "0"], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, FAIRLEAD_DISCOVERY: "off" },
    stdout: "pipe",
    stderr: "pipe",
    timeout: PATIENCE_MS, // whatever happens, nothing stays behind
  });
  const address = await Promise.any([addressIn(child.stdout), addressIn(child.stderr)]);
  const { status } = await fetch(`${address}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const ms = performance.now() - began;
  if (status !== 200) throw new Error(`/health answered ${status}`);
  const stop = () => {
    child.kill();
    return child.exited;
  };
  return { ms, pid: child.pid, stop };
}

/** The address that the banner tells. Goes on reading after it, so that the binary never waits for us. */
function addressIn(output: ReadableStream<Uint8Array>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const read = async () => {
    let text = "";
    for await (const bytes of output) {
      text += Buffer.from(bytes).toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (found) resolve(found[0]);
    }
    reject(new Error(`the binary ended without telling an address:\n${text}`));
  };
  read().catch(reject);
  return promise;
}

function residentMegabytes(pid: number): number {
  if (process.platform === "linux") {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes) / 1000;
  }
  const { stdout } = Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]);
  return Number(stdout.toString()) / 1000;
}
