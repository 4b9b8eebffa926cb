import { describe } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { tinyModel } from "./tiny-models.ts";
import type { TinyKind } from "./tiny-models.ts";

export interface EngineOptions {
  /**
   * `embed` brings `--embedding`; `mmproj` means the `chat` model with eyes. The engine's only model is listed as
   * `tiny-` and this word, unless `args` has an `--alias`.
   */
  model: TinyKind;
  /** More of llama-server's own arguments; a later one wins over an earlier one. */
  args?: readonly string[];
  /** 0, the default, takes a free one. A fixed one is for tests in which an engine comes back. */
  port?: number;
}

export interface RunningEngine {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  readonly pid: number;
  /** What the engine wrote about itself so far. */
  log(): Promise<string>;
  /** Ends the process and resolves when it is gone; `SIGKILL` is for tests in which an engine dies. May be called twice. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Readiness is asked for this often, this many times: 20 s in all, for a start that takes a tenth of a second. */
const POLL_MS = 20;
const POLLS = 1000;
/** What an engine gets to end by itself. */
const STOP_MS = 1000;

/**
 * Starts a real llama-server on a tiny model, with one thread, and resolves when it is ready to answer. Throws, with
 * what the engine wrote, when it ended or was not ready within 20 s, and when there is no llama-server at all.
 */
export async function startLlamaServer(options: EngineOptions): Promise<RunningEngine> {
  const files = modelFiles();
  files.users++;
  const path = join(files.folder, `engine-${++files.started}.log`);
  const log = () => Bun.file(path).text();
  let child: Bun.Subprocess | undefined;
  let ended: Promise<void> | undefined;
  const stop = (signal: "SIGTERM" | "SIGKILL" = "SIGTERM") => {
    child?.kill(signal);
    ended ??= goneIn(STOP_MS, child).then(() => release(files));
    return ended;
  };
  try {
    child = spawnEngine(options, path);
    return { url: await readyUrl(child, log), pid: child.pid, log, stop };
  } catch (problem) {
    const written = await log().catch(() => "");
    await stop("SIGKILL");
    throw new Error(`llama-server did not start: ${String(problem)}\n${written}`, { cause: problem });
  }
}

/**
 * Where llama-server is: `$FAIRLEAD_LLAMA_SERVER`, else the project's own (scripts/get-llama-server.sh), else the one on
 * the PATH. Undefined when there is none; a path from the environment is taken at its word.
 */
export function llamaServerPath(from: Where = { env: process.env, project: PROJECT }): string | undefined {
  if (from.env["FAIRLEAD_LLAMA_SERVER"]) return from.env["FAIRLEAD_LLAMA_SERVER"];
  const own = join(from.project, ".llama-server/bin/llama-server");
  if (existsSync(own)) return own;
  return Bun.which("llama-server", { PATH: from.env["PATH"] ?? "" }) ?? undefined;
}

export interface Where {
  env: Readonly<Record<string, string | undefined>>;
  project: string;
}

const PROJECT = resolve(import.meta.dir, "../..");
const NO_ENGINE = "no llama-server here (scripts/get-llama-server.sh fetches one)";
let said = false;

/** `describe` for tests that need a real engine: skipped, and said so once on stderr, where there is none. */
export function describeWithEngine(name: string, tests: () => void): void {
  if (llamaServerPath() !== undefined) {
    describe(name, tests);
    return;
  }
  if (!said) process.stderr.write(`${NO_ENGINE}: tests with a real engine are skipped\n`);
  said = true;
  describe.skip(name, tests);
}

function spawnEngine({ model, args = [], port = 0 }: EngineOptions, logPath: string): Bun.Subprocess {
  const program = llamaServerPath();
  if (program === undefined) throw new Error(NO_ENGINE);
  // Every argument can also come from a variable, which must not decide a test.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("LLAMA_"));
  // Of several aliases the first of the alphabet becomes the model's id, not the last one given.
  const alias = args.includes("--alias") ? [] : ["--alias", `tiny-${model}`];
  const own = [...alias, "-t", "1", "--jinja", "--port", String(port)];
  return Bun.spawn([program, ...modelArgs(model), ...own, ...args], {
    env: Object.fromEntries(env),
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(logPath),
  });
}

/** On SIGTERM, llama-server waits up to 30 s for a stream that is still running, without sending any of it. */
async function goneIn(limitMs: number, engine: Bun.Subprocess | undefined): Promise<void> {
  const late = setTimeout(() => engine?.kill("SIGKILL"), limitMs);
  await engine?.exited;
  clearTimeout(late);
}

function modelArgs(model: TinyKind): string[] {
  if (model === "mmproj") return ["-m", modelFile("chat"), "--mmproj", modelFile("mmproj")];
  return ["-m", modelFile(model), ...(model === "embed" ? ["--embedding"] : [])];
}

/** The address that the engine tells, once it is ready there. Throws when it ended before that, or takes too long. */
async function readyUrl(engine: Bun.Subprocess, log: () => Promise<string>): Promise<string> {
  for (let poll = 0; poll < POLLS; poll++) {
    const ending = engine.exitCode ?? engine.signalCode;
    if (ending !== null) throw new Error(`it ended with ${ending}`);
    const url = /listening on (http:\/\/[\d.]+:\d+)/.exec(await log())?.[1];
    if (url !== undefined && (await healthy(url))) return url;
    await Bun.sleep(POLL_MS);
  }
  throw new Error(`not ready after ${(POLLS * POLL_MS) / 1000} s`);
}

async function healthy(url: string): Promise<boolean> {
  // Kept open, the connection would occupy one of the engine's eight threads for 5 s.
  const answer = await fetch(`${url}/health`, { headers: { connection: "close" } }).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.status === 200;
}

interface ModelFiles {
  folder: string;
  /** Engines that run on them. */
  users: number;
  started: number;
}

let current: ModelFiles | undefined;

/** One folder for all engines of this process; it goes when the last of them ends, for no later moment is sure to come. */
function modelFiles(): ModelFiles {
  current ??= { folder: mkdtempSync(join(tmpdir(), "fairlead-engine-")), users: 0, started: 0 };
  return current;
}

function modelFile(kind: TinyKind): string {
  const path = join(modelFiles().folder, `tiny-${kind}.gguf`);
  if (!existsSync(path)) writeFileSync(path, tinyModel(kind));
  return path;
}

function release(files: ModelFiles): void {
  files.users--;
  if (files.users > 0) return;
  rmSync(files.folder, { recursive: true, force: true });
  if (current === files) current = undefined;
}
