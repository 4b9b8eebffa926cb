export type OptionName =
  "config" | "endpoints" | "host" | "port" | "log-level" | "online" | "json" | "help" | "version";

interface Option {
  /** The value's name in the help; undefined for a plain flag. */
  value?: string;
  short?: string;
  help: string;
}

/** Every option of every command, under the one name and meaning it has everywhere. */
export const OPTIONS: Readonly<Record<OptionName, Option>> = {
  config: { value: "FILE", help: "read this config file instead of looking for one" },
  endpoints: { value: "FILE", help: "read further custom endpoints from this file" },
  host: { value: "H", help: "listen on this address (default 127.0.0.1)" },
  port: { value: "N", help: "listen on this port (default 7171; 0: any free one)" },
  "log-level": { value: "L", help: "debug, info, warn, error or silent (default info)" },
  online: { help: "also ask every backend whether it answers" },
  json: { help: "print JSON, for programs" },
  help: { short: "h", help: "show this help" },
  version: { short: "v", help: "show the version" },
};

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** `-h, --help` or `--config FILE`: how the help writes an option. */
export function spelling(name: OptionName): string {
  const { value, short } = OPTIONS[name];
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** `[--config FILE]`: how a usage line writes an option. */
export function bracketed(name: OptionName): string {
  const { value } = OPTIONS[name];
  return `[--${name}${value === undefined ? "" : ` ${value}`}]`;
}
