import type { Backend } from "../backends/backend.ts";
import type { Command } from "./args.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { lookAtBackends } from "./look.ts";
import { table } from "./table.ts";
import { EXIT, type Terminal } from "./terminal.ts";

/** Validates the configuration; with `--online` asks every backend. */
export async function check(
  command: Extract<Command, { name: "check" }>,
  terminal: Terminal,
): Promise<number> {
  const configuration = readConfiguration(command, terminal);
  if (!configuration) return EXIT.usage;
  for (const warning of configuration.warnings) terminal.err(`warning: ${warning}\n`);
  terminal.out(`${summary(configuration)}\n`);
  return command.online ? checkOnline(configuration, terminal) : EXIT.ok;
}

function summary({ config, file }: Configuration): string {
  const parts = [
    count(config.backends.length, "backend"),
    count(config.models.length, "model alias", "model aliases"),
    count(config.endpoints.length, "endpoint"),
  ];
  return `${file ?? "no config file, the defaults"}: ok (${parts.join(", ")})`;
}

async function checkOnline(configuration: Configuration, terminal: Terminal): Promise<number> {
  const { backends, problems } = await lookAtBackends(configuration, terminal);
  for (const problem of problems) terminal.err(`warning: ${problem}\n`);
  const rows = backends.map((backend) => [
    backend.name,
    backend.preset.name,
    backend.url ?? "built in",
    backend.state,
    count(backend.models.size, "model"),
    backend.state === "connected" ? "" : (backend.lastError?.message ?? ""),
  ]);
  terminal.out(table(rows));
  return backends.every(isWell) ? EXIT.ok : EXIT.failure;
}

/** What nobody named may be absent. */
function isWell(backend: Backend): boolean {
  return backend.state === "connected" || backend.origin === "discovered";
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
