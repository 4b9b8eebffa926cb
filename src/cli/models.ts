import { writeModelList } from "../api/models.ts";
import type { Command } from "./args.ts";
import { readConfiguration } from "./configuration.ts";
import { lookAtBackends } from "./look.ts";
import { table } from "./table.ts";
import { EXIT, type Terminal } from "./terminal.ts";

/** Lists what the server would list under `/v1/models`; a backend that somebody named and that is not there is told. */
export async function models(
  command: Extract<Command, { name: "models" }>,
  terminal: Terminal,
): Promise<number> {
  const configuration = readConfiguration({ config: command.config, endpoints: undefined }, terminal);
  if (!configuration) return EXIT.usage;
  const found = await lookAtBackends(configuration, terminal);
  for (const problem of found.problems) terminal.err(`warning: ${problem}\n`);
  for (const backend of found.backends) {
    if (backend.isUp || backend.origin === "discovered") continue;
    const why = backend.lastError?.message ?? `It is ${backend.state}.`;
    terminal.err(`warning: the models of ${backend.name} are not listed: ${why}\n`);
  }
  const exitCode = found.models.length > 0 ? EXIT.ok : EXIT.failure;
  if (command.json) {
    terminal.out(`${writeModelList(found.models)}\n`);
    return exitCode;
  }
  const rows = found.models.map(({ id, backend, contextLength }) => [
    id,
    backend ?? "not there",
    contextLength === undefined ? "" : `${contextLength} tokens`,
  ]);
  terminal.out(table([["MODEL", "BACKEND", "CONTEXT"], ...rows]));
  return exitCode;
}
