import { readArguments } from "./args.ts";
import { check } from "./check.ts";
import { helpText } from "./help.ts";
import { models } from "./models.ts";
import { serve } from "./serve.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { versionInfo, versionJson, versionText } from "./version.ts";

/** Does what the arguments ask for; resolves with the exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = readArguments(argv);
  switch (command.name) {
    case "serve":
      return serve(command, terminal);
    case "check":
      return check(command, terminal);
    case "models":
      return models(command, terminal);
    case "version":
      terminal.out(command.json ? versionJson(versionInfo()) : versionText(versionInfo()));
      return EXIT.ok;
    case "help":
      terminal.out(helpText(command.topic));
      return EXIT.ok;
    case "usage":
      terminal.err(`${command.text}\n`);
      return command.exitCode;
  }
}
