import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Environment } from "../core/environment.ts";
import { readText } from "./files.ts";
import { Refusal } from "./problems.ts";
import { Reading } from "./reading.ts";
import { parseToml } from "./toml.ts";

/** A thousand backends fit; a longer file is not a configuration. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A file that was opened, whatever is wrong with it. */
export interface Document {
  reading: Reading;
  table: Readonly<Record<string, unknown>>;
  /** False when nothing could be read: then nothing follows from what the table lacks. */
  whole: boolean;
  /** Permission bits. */
  mode: number;
}

/** Where a config file may be. */
export interface Places {
  /** As given on the command line. */
  configPath?: string | undefined;
  env: Environment;
  cwd: string;
  /** The machine's configuration; `/etc` unless a test says otherwise. */
  etc?: string | undefined;
}

/**
 * Opens the first config file that is there: --config, $FAIRLEAD_CONFIG, ./fairlead.toml, the user's, the machine's.
 * One that was asked for by name must be there. Undefined: there is none.
 */
export function openConfig(places: Places): Document | undefined {
  const { configPath, env, cwd } = places;
  if (configPath !== undefined) return openNamed(resolve(cwd, configPath), "--config", env);
  const named = env["FAIRLEAD_CONFIG"];
  if (named) return openNamed(resolve(cwd, named), "$FAIRLEAD_CONFIG", env);
  for (const path of usualPlaces(places)) {
    const document = open(path, env);
    if (document !== "absent") return document;
  }
  return undefined;
}

/** Opens a file that must be there because `by` names it. */
export function openNamed(path: string, by: string, env: Environment): Document {
  const document = open(path, env);
  if (document !== "absent") return document;
  return failed(newReading(path, env), new Refusal("there is no such file", `${by} names it`));
}

function usualPlaces({ env, cwd, etc = "/etc" }: Places): string[] {
  const places = [join(cwd, "fairlead.toml")];
  const xdg = env["XDG_CONFIG_HOME"];
  // By its specification, a relative $XDG_CONFIG_HOME is to be ignored.
  if (xdg && isAbsolute(xdg)) places.push(join(xdg, "fairlead", "fairlead.toml"));
  else if (env["HOME"]) places.push(join(env["HOME"], ".config", "fairlead", "fairlead.toml"));
  places.push(join(etc, "fairlead", "fairlead.toml"));
  return places;
}

function open(path: string, env: Environment): Document | "absent" {
  const file = readText(path, MAX_FILE_BYTES);
  if (file === "absent") return file;
  if (file instanceof Refusal) return failed(newReading(path, env), file);
  const parsed = parseToml(file.text);
  if ("refusal" in parsed) return failed(newReading(path, env), parsed.refusal, parsed.line);
  const reading = new Reading({ file: path, dir: dirname(path), env, locations: parsed.locations });
  return { reading, table: parsed.table, whole: true, mode: file.mode };
}

function newReading(path: string, env: Environment): Reading {
  return new Reading({ file: path, dir: dirname(path), env });
}

function failed(reading: Reading, refusal: Refusal, line?: number): Document {
  reading.report([], refusal, line);
  return { reading, table: {}, whole: false, mode: 0 };
}
