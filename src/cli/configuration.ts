import type { Config } from "../config/config.ts";
import { loadConfig, type Sources } from "../config/loader.ts";
import { formatProblem } from "../config/problems.ts";
import type { ConfigFlags } from "./args.ts";
import type { Terminal } from "./terminal.ts";

/** A configuration that stands. */
export interface Configuration {
  config: Config;
  /** Absolute path; undefined when the defaults hold. */
  file: string | undefined;
  /** Ready to print, one line each. */
  warnings: string[];
}

/** The configuration for this run, or undefined after every problem was printed to standard error. */
export function readConfiguration(
  flags: ConfigFlags,
  terminal: Terminal,
  server?: Sources["flags"],
): Configuration | undefined {
  const { environment, cwd } = terminal;
  const { config: configPath, endpoints: endpointsPath } = flags;
  const loaded = loadConfig({ configPath, endpointsPath, env: environment, cwd, flags: server });
  if (!("problems" in loaded)) return { ...loaded, warnings: loaded.warnings.map(formatProblem) };
  const count = loaded.problems.length;
  terminal.err(`${loaded.problems.map((problem) => `${formatProblem(problem)}\n`).join("")}`);
  terminal.err(`fairlead: the configuration has ${count === 1 ? "a problem" : `${count} problems`}\n`);
  return undefined;
}
