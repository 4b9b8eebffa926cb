import { OPTIONS, bracketed, spelling } from "./options.ts";
import type { OptionName } from "./options.ts";
import { table } from "./table.ts";

export type CommandName = "serve" | "check" | "models" | "version" | "help";

interface CommandHelp {
  /** In the list of commands: what it does, without a full stop. */
  summary: string;
  /** The command's own page, behind the summary. */
  more: string;
  options: readonly OptionName[];
}

/** Every command, in the order of the help. */
export const COMMANDS: Readonly<Record<CommandName, CommandHelp>> = {
  serve: {
    summary: "serve the OpenAI API in front of every model found",
    more: `The default when no command is given. Without a config file it looks for local engines (llama.cpp,
LM Studio, Ollama, vLLM) and for keys in the environment. The log goes to standard error.

The config file is the first that there is of --config, $FAIRLEAD_CONFIG, ./fairlead.toml,
$XDG_CONFIG_HOME/fairlead/fairlead.toml and /etc/fairlead/fairlead.toml. The environment may set
FAIRLEAD_HOST, FAIRLEAD_PORT, FAIRLEAD_API_KEY, FAIRLEAD_LOG_LEVEL and FAIRLEAD_DISCOVERY=off.`,
    options: ["config", "endpoints", "host", "port", "log-level"],
  },
  check: {
    summary: "check the config and say everything that is wrong with it",
    more: "Exit code 0 when it is fine, 2 when it is not, 1 when a backend does not answer (--online).",
    options: ["config", "endpoints", "online"],
  },
  models: {
    summary: "list the models that the backends have now",
    more: "Asks every backend, as `serve` would, and prints one line per model to standard output.",
    options: ["config", "json"],
  },
  version: {
    summary: "show the version",
    more: "With --json: version, commit, bun, platform and arch.",
    options: ["json"],
  },
  help: {
    summary: "show help, also about one command",
    more: "Without a command: all of them, and the options of `serve`.",
    options: [],
  },
};

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** The help of one command, or of all, ending in a line feed. */
export function helpText(topic?: CommandName): string {
  return topic === undefined ? overview() : page(topic);
}

/** One line, for the end of an error message. */
export function usageLine(command?: CommandName): string {
  if (command === undefined) return `usage: fairlead [COMMAND] [OPTIONS]   ("fairlead help" shows all)`;
  const word = command === "serve" ? "[serve]" : command === "help" ? "help [COMMAND]" : command;
  return ["usage: fairlead", word, ...COMMANDS[command].options.map(bracketed)].join(" ");
}

function overview(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => [`  ${name}`, summary]);
  return `fairlead: one OpenAI API in front of every model you have

${usageLine("serve")}
       fairlead COMMAND [OPTIONS]

Commands:
${table(commands)}
Options:
${optionLines([...COMMANDS.serve.options, "help", "version"])}
Exit codes: 0 fine, 1 failed, 2 wrong usage or wrong config.
`;
}

function page(topic: CommandName): string {
  const { summary, more, options } = COMMANDS[topic];
  return `fairlead ${topic}: ${summary}

${usageLine(topic)}

${more}

Options:
${optionLines([...options, "help"])}`;
}

function optionLines(names: readonly OptionName[]): string {
  return table(names.map((name) => [`  ${spelling(name)}`, OPTIONS[name].help]));
}
