import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dir, "../..");
const BINARY = join(PROJECT, "dist", process.platform === "win32" ? "fairlead.exe" : "fairlead");
/** How long the binary may take for anything it does by itself, ms. */
const PATIENCE_MS = 10_000;

export interface BinaryOptions {
  args?: readonly string[];
  /** Added to an environment that holds nothing of this machine's but the PATH. */
  env?: Readonly<Record<string, string>>;
  /** Text of the config file in the folder it starts in. Always written, so that no config of this machine counts. */
  config?: string;
  /** The folder to start in, made by `scratchFolder` and left alone; otherwise an own one, removed at the end. */
  cwd?: string;
}

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export type LogLine = Readonly<Record<string, unknown>>;

export interface RunningBinary extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  readonly pid: number;
  /** Everything it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** The lines of its log so far: those of stderr that are JSON. */
  log(): LogLine[];
  /** The first line of its log, so far or to come, that has all these fields. Rejects when it ends without one. */
  logged(fields: LogLine): Promise<LogLine>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number>;
  /** SIGTERM, unless it has ended already. */
  stop(): Promise<number>;
}

/** Runs the binary to its end. */
export async function runBinary(args: readonly string[], options: BinaryOptions = {}): Promise<Outcome> {
  await using started = spawnBinary({ ...options, args });
  const exitCode = await started.exited;
  return { exitCode, stdout: started.stdout(), stderr: started.stderr() };
}

/** Starts the binary as a server on a free port and resolves when it has told its address. */
export async function startBinary(options: BinaryOptions = {}): Promise<RunningBinary> {
  const { args = [] } = options;
  const started = spawnBinary({ ...options, args: [...args, "--port", "0"] });
  try {
    return Object.assign(started, { url: await started.address() });
  } catch (problem) {
    started.signal("SIGKILL");
    await started.stop();
    throw problem;
  }
}

/** An empty folder with a config file; whoever asks for it removes it. */
export function scratchFolder(config = ""): string {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-binary-"));
  writeFileSync(join(folder, "fairlead.toml"), config);
  return folder;
}

type Started = Omit<RunningBinary, "url"> & { address(): Promise<string> };

function spawnBinary({ args = [], env = {}, config, cwd }: BinaryOptions): Started {
  const folder = cwd ?? scratchFolder(config);
  const child = Bun.spawn([binaryPath(), ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, FAIRLEAD_DISCOVERY: "off", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const exited = Promise.all([child.exited, out.done, err.done]).then(([exitCode]) => {
    if (cwd === undefined) rmSync(folder, { recursive: true, force: true });
    return exitCode;
  });
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  return {
    pid: child.pid,
    address: () => found(err, exited, ADDRESS),
    stdout: () => out.text,
    stderr: () => err.text,
    log: () => jsonLines(err.text),
    logged: (fields) => {
      const names = Object.keys(fields);
      const fits = (line: LogLine) => names.every((name) => line[name] === fields[name]);
      return found(err, exited, { what: JSON.stringify(fields), find: (text) => jsonLines(text).find(fits) });
    },
    signal: (name) => child.kill(name),
    exited,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

interface Output {
  text: string;
  /** Each is called whenever there is more. */
  readers: Set<() => void>;
  done: Promise<void>;
}

/** Reads to the end, so that the binary never waits for us. */
function collect(stream: ReadableStream<Uint8Array>): Output {
  const output: Output = { text: "", readers: new Set(), done: Promise.resolve() };
  const decoder = new TextDecoder();
  output.done = (async () => {
    for await (const bytes of stream) {
      output.text += decoder.decode(bytes, { stream: true });
      for (const reader of output.readers) reader();
    }
  })();
  return output;
}

interface Wanted<T> {
  /** For the error. */
  what: string;
  find(text: string): T | undefined;
}

/** What is found in the output, so far or to come. Rejects, with the output, when it ended without that or takes too long. */
async function found<T>(output: Output, exited: Promise<number>, { what, find }: Wanted<T>): Promise<T> {
  const { promise, resolve: tell, reject } = Promise.withResolvers<T>();
  const fail = (how: string) => reject(new Error(`fairlead ${how} without ${what}\n${output.text}`));
  const look = () => {
    const value = find(output.text);
    if (value !== undefined) tell(value);
  };
  const timer = setTimeout(() => fail("went on"), PATIENCE_MS);
  output.readers.add(look);
  look();
  void exited.then((exitCode) => fail(`ended with ${exitCode}`));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    output.readers.delete(look);
  }
}

/** The address in the banner. */
const ADDRESS: Wanted<string> = {
  what: "an address",
  find: (text) => /(http:\/\/127\.0\.0\.1:\d+)\/v1/.exec(text)?.[1],
};

/** Only whole lines: what follows the last line feed may be half of one. */
function jsonLines(text: string): LogLine[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
}

let built = false;

/** The compiled binary; built first, once per test run, when it is older than its sources. */
export function binaryPath(): string {
  if (!built && isStale()) {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/build.ts"], { cwd: PROJECT });
    if (exitCode !== 0) throw new Error(`the binary cannot be built:\n${stderr.toString()}`);
  }
  built = true;
  return BINARY;
}

function isStale(): boolean {
  if (!existsSync(BINARY)) return true;
  const made = statSync(BINARY).mtimeMs;
  const sources = readdirSync(join(PROJECT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const others = ["package.json", "bun.lock", "scripts/build.ts"].map((name) => join(PROJECT, name));
  return [...sources, ...others].some((path) => statSync(path).mtimeMs > made);
}
