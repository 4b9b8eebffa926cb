/** What a command sees of the world outside: standard output for results, standard error for everything else. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  environment: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Is standard error read by a person? */
  interactive: boolean;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

export function systemTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    environment: process.env,
    cwd: process.cwd(),
    interactive: process.stderr.isTTY,
  };
}
