// What package.json's scripts run. Plain JavaScript without dependencies, because it runs before anything is installed,
// under Node 18 or later (`npm start`) as well as under Bun (`bun start`).
//
// npm is asked for one thing only, the pinned Bun. That Bun then installs everything from bun.lock, so a machine with
// npm and a machine with Bun end up with the same files, down to the hashes of indirect dependencies.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXE = process.platform === "win32" ? ".exe" : "";

/** Each step is a list of commands; the first one that fails ends it. The caller's arguments go to the last command. */
export const STEPS = {
  start: (bun) => [...STEPS.build(bun), [join(ROOT, "dist", `fairlead${EXE}`)]],
  build: (bun) => [[bun, "scripts/build.ts"]],
  typecheck: (bun) => [[bun, "check"]],
  lint: (bun) => [oxlint(bun), [bun, "test", "test/tidy.test.ts", "test/architecture.test.ts"]],
  format: (bun) => [[bun, "fmt"]],
  test: (bun) => [[bun, "check"], [bun, "fmt", "--check"], oxlint(bun), ...STEPS.build(bun), [bun, "test"]],
  schema: (bun) => [[bun, "scripts/schema.ts"]],
  "bench:client": (bun) => [[bun, "scripts/bench-client.ts"]],
  measure: (bun) => [...STEPS.build(bun), [bun, "scripts/measure-start.ts"]],
};

/** The tidy and architecture tests hold what a general linter cannot know. */
function oxlint(bun) {
  return [bun, "node_modules/oxlint/bin/oxlint", "src", "test", "scripts"];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}

async function main([name = "", ...rest]) {
  const step = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined;
  if (!step) return fail(`Usage: run.mjs ${Object.keys(STEPS).join("|")} [arguments]`, 2);
  process.chdir(ROOT);
  const bun = install();
  if (!bun) return 1;
  const commands = step(bun);
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1;
    const status = await run(last ? [...command, ...rest] : command);
    if (last || status !== 0) return status;
  }
  return 0;
}

/** Makes sure that everything in bun.lock is installed. Gives the pinned Bun's path, or undefined after saying why not. */
function install() {
  const wanted = pinnedVersion(ROOT);
  const bun = findBun(ROOT, wanted) ?? fetchBun(wanted);
  if (!bun) return undefined;
  // One hash over what decides the result: when it is the same as after the last install, there is nothing to do.
  const stamp = join(ROOT, "node_modules", ".fairlead-installed");
  const hash = createHash("sha256");
  for (const file of ["package.json", "bun.lock"]) hash.update(readFileSync(join(ROOT, file)));
  const now = hash.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return bun;
  if (quietly([bun, "install", "--frozen-lockfile"], ROOT) !== 0) {
    fail("Could not install the dependencies; the reason stands above.");
    return undefined;
  }
  writeFileSync(stamp, now);
  // The install may have moved the very Bun that ran it: the package `bun` takes its binary out of `@oven/bun-*`.
  return findBun(ROOT, wanted) ?? bun;
}

/** The version of Bun that this source is written for. */
export function pinnedVersion(root) {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;
}

/**
 * The first Bun of exactly this version: the one that runs us, or one in node_modules. Asking each candidate for its
 * version also weeds out the stub that the package `bun` is when install scripts are off, and a binary for another libc.
 */
export function findBun(root, wanted) {
  const modules = join(root, "node_modules");
  const platforms = existsSync(join(modules, "@oven")) ? readdirSync(join(modules, "@oven")) : [];
  const candidates = [
    ...(process.versions.bun ? [process.execPath] : []),
    join(modules, "bun", "bin", "bun.exe"), // so named on every platform
    ...platforms.map((name) => join(modules, "@oven", name, "bin", `bun${EXE}`)),
  ];
  return candidates.find((path) => existsSync(path) && versionOf(path) === wanted);
}

function versionOf(path) {
  const { stdout } = spawnSync(path, ["--version"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return stdout?.trim();
}

/** Installs nothing but Bun itself, with the package manager that is there. */
function fetchBun(wanted) {
  const modules = join(ROOT, "node_modules");
  const status = process.versions.bun ? fetchWithOtherBun() : fetchWithNpm(modules, wanted);
  const found = status === 0 ? findBun(ROOT, wanted) : undefined;
  if (!found) fail(`Could not get Bun ${wanted} for ${process.platform}-${process.arch} from npm.`);
  return found;
}

/** Another version of Bun cannot be trusted with our lock file, but it can install the one that can. */
function fetchWithOtherBun() {
  return quietly([process.execPath, "install", "--no-save"], ROOT);
}

function fetchWithNpm(modules, wanted) {
  // A folder with a package.json of its own, so that npm leaves ours alone. (`--prefix` would also move the place where
  // npm looks for the machine's own npmrc, and lose a company's registry or certificate.)
  const folder = join(modules, ".bun-from-npm");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const flags = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const status = quietly([...npm(), "install", ...flags, "--loglevel=error", `bun@${wanted}`], folder);
  const fetched = join(folder, "node_modules", "@oven");
  if (status === 0 && existsSync(fetched)) {
    // Where `bun install` looks for it, so that it is not downloaded twice.
    rmSync(join(modules, "@oven"), { recursive: true, force: true });
    renameSync(fetched, join(modules, "@oven"));
  }
  rmSync(folder, { recursive: true, force: true });
  return status;
}

/** npm as the npm that started us says it: a script for this Node, which needs no shell on any platform. */
function npm() {
  const script = process.env["npm_execpath"] ?? "";
  return basename(script) === "npm-cli.js" ? [process.execPath, script] : ["npm"];
}

/** Runs a preparation step. Its output goes to stderr: stdout belongs to the program that is started at the end. */
function quietly([file, ...args], cwd) {
  const shell = file === "npm" && process.platform === "win32"; // npm is a .cmd there
  const { status, error } = spawnSync(file, args, { cwd, shell, stdio: ["ignore", 2, 2] });
  if (error) fail(`Could not run ${file}: ${error.message}`);
  return status ?? 1;
}

/** Runs a command to its end, passing signals on to it. Resolves with its exit code, as a shell would give it. */
function run([file, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: "inherit" });
    const release = passSignals(child);
    const end = (status) => {
      release();
      resolve(status);
    };
    child.on("error", (error) => end(fail(`Could not run ${file}: ${error.message}`)));
    child.on("exit", (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** Passes on to the child what is meant for it. Returns how to stop doing so. */
function passSignals(child) {
  // A terminal sends Ctrl-C (and its own end) to every process in the foreground by itself; passing that on as well would
  // reach the server twice, and the second one means "at once, without waiting for running answers".
  const terminal = process.stdin.isTTY === true;
  const signals = terminal ? ["SIGTERM"] : ["SIGTERM", "SIGINT", "SIGHUP"];
  const handlers = ["SIGTERM", "SIGINT", "SIGHUP"].map((signal) => {
    const handler = () => void (signals.includes(signal) && child.kill(signal));
    process.on(signal, handler);
    return [signal, handler];
  });
  // npm puts a shell between itself and us, and a shell that is told to end says nothing to its child: that it is gone
  // is all there is to see.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, 200);
  return () => {
    clearInterval(watch);
    for (const [signal, handler] of handlers) process.removeListener(signal, handler);
  };
}

function fail(message, status = 1) {
  process.stderr.write(`${message}\n`);
  return status;
}
