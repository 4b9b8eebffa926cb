import type { Environment } from "../core/environment.ts";
import { parseHost, parsePort } from "./addresses.ts";
import type { LogLevel } from "./config.ts";
import { Refusal } from "./problems.ts";
import { readValue } from "./walk.ts";
import { Reading } from "./reading.ts";
import { ConfigSchema } from "./schema.ts";
import { checkKey } from "./secrets.ts";

/** What the command line may say, as it was typed. */
export interface Flags {
  host?: string | undefined;
  port?: string | number | undefined;
  logLevel?: string | undefined;
}

/** What the command line and the environment say instead of the file. */
export interface Overrides {
  host: { value: string; report: (refusal: Refusal) => void } | undefined;
  port: number | undefined;
  logLevel: LogLevel | undefined;
  discovery: boolean | undefined;
  /** The one client key of $FAIRLEAD_API_KEY. */
  apiKey: string | undefined;
  /** Of the command line, then of the environment: each has its problems. */
  readings: [Reading, Reading];
}

/** Reads both layers whole, so that every problem of either is known. */
export function readOverrides(flags: Flags, env: Environment): Overrides {
  const line: Layer = {
    reading: new Reading({ file: "command line", dir: "", env }),
    host: ["--host", flags.host],
    port: ["--port", flags.port?.toString()],
    logLevel: ["--log-level", flags.logLevel],
  };
  const variables: Layer = {
    reading: new Reading({ file: "environment", dir: "", env }),
    host: variable(env, "FAIRLEAD_HOST"),
    port: variable(env, "FAIRLEAD_PORT"),
    logLevel: variable(env, "FAIRLEAD_LOG_LEVEL"),
  };
  // Both layers are read, also where the first one wins: every problem is reported at once.
  const [hosts, ports, levels] = [
    [line, variables].map(hostOf),
    [line, variables].map(portOf),
    [line, variables].map(levelOf),
  ];
  return {
    host: hosts.find(isGiven),
    port: ports.find(isGiven),
    logLevel: levels.find(isGiven),
    discovery: take(variables.reading, variable(env, "FAIRLEAD_DISCOVERY"), parseSwitch),
    apiKey: take(variables.reading, variable(env, "FAIRLEAD_API_KEY"), (text) => checkKey(text) ?? text),
    readings: [line.reading, variables.reading],
  };
}

/** A name and what it is set to. */
type Setting = readonly [name: string, value: string | undefined];

interface Layer {
  reading: Reading;
  host: Setting;
  port: Setting;
  logLevel: Setting;
}

/** An empty variable is an unset one: unit files and shells have no other way to take one back. */
function variable(env: Environment, name: string): Setting {
  return [name, env[name] === "" ? undefined : env[name]];
}

function hostOf({ reading, host }: Layer): Overrides["host"] {
  const value = take(reading, host, parseHost);
  return value === undefined ? undefined : { value, report: (refusal) => reading.report([host[0]], refusal) };
}

function portOf({ reading, port }: Layer): number | undefined {
  return take(reading, port, parsePort);
}

function levelOf({ reading, logLevel: [name, text] }: Layer): LogLevel | undefined {
  return text === undefined ? undefined : readValue(ConfigSchema.properties.log_level, text, [name], reading);
}

function take<T>(
  reading: Reading,
  [name, text]: Setting,
  parse: (text: string) => T | Refusal,
): T | undefined {
  const value = text === undefined ? undefined : parse(text);
  if (!(value instanceof Refusal)) return value;
  reading.report([name], value);
  return undefined;
}

function parseSwitch(text: string): boolean | Refusal {
  const word = text.toLowerCase();
  if (["off", "false", "no", "0"].includes(word)) return false;
  if (["on", "true", "yes", "1"].includes(word)) return true;
  return new Refusal('expected "on" or "off"');
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}
