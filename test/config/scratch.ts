import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig, type Loaded, type Sources } from "../../src/config/loader.ts";
import { formatProblem, type Problem } from "../../src/config/problems.ts";

/** What a test puts around a configuration. Paths are relative to a directory of its own; `DIR` stands for it in values. */
export interface Around extends Partial<Omit<Sources, "cwd">> {
  files?: Record<string, string | Uint8Array>;
  modes?: Record<string, number>;
}

/** Loads a configuration in a new directory, which is gone afterwards and called `DIR` in what comes back. */
export function load(toml: string | undefined, around: Around = {}): Loaded {
  const dir = mkdtempSync(join(tmpdir(), "fairlead-config-"));
  try {
    const files: Record<string, string | Uint8Array> = { ...around.files };
    if (toml !== undefined) files["fairlead.toml"] = toml;
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), content, { mode: 0o600 });
    }
    for (const [name, mode] of Object.entries(around.modes ?? {})) chmodSync(join(dir, name), mode);
    const env = Object.fromEntries(
      Object.entries(around.env ?? {}).map(([name, value]) => [name, value?.replaceAll("DIR", dir)]),
    );
    const { configPath, endpointsPath, flags } = around;
    const loaded = loadConfig({ configPath, endpointsPath, flags, env, cwd: dir, etc: join(dir, "etc") });
    return JSON.parse(JSON.stringify(loaded, keepUndefined).replaceAll(dir, "DIR"), dropUndefined);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The configuration of a text that must have no problems. */
export function accept(toml: string | undefined, around: Around = {}): Config {
  return loaded(toml, around).config;
}

export function warnings(toml: string | undefined, around: Around = {}): Problem[] {
  return loaded(toml, around).warnings;
}

function loaded(toml: string | undefined, around: Around) {
  const result = load(toml, around);
  if ("problems" in result) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result;
}

/** The problems of a text that must have some. */
export function problems(toml: string | undefined, around: Around = {}): Problem[] {
  const result = load(toml, around);
  if (!("problems" in result)) throw new Error("this configuration was accepted");
  return result.problems;
}

/** The only problem of a text. */
export function problem(toml: string | undefined, around: Around = {}): Problem {
  const [first, ...others] = problems(toml, around);
  if (!first || others.length > 0)
    throw new Error([first, ...others].map((each) => each && formatProblem(each)).join("\n"));
  return first;
}

function keepUndefined(_key: string, value: unknown): unknown {
  return value === undefined ? "\0undefined" : value;
}

function dropUndefined(_key: string, value: unknown): unknown {
  return value === "\0undefined" ? undefined : value;
}
