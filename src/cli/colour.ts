import type { Environment } from "../core/environment.ts";

/** Functions that mark text for a terminal, or leave it as it is. */
export interface Colours {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** `on`: ANSI escapes; otherwise every function returns its text unchanged. */
export function colours(on: boolean): Colours {
  const mark = (start: number, end: number) => (text: string) =>
    on && text !== "" ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  return {
    bold: mark(1, 22),
    dim: mark(2, 22),
    red: mark(31, 39),
    green: mark(32, 39),
    yellow: mark(33, 39),
    cyan: mark(36, 39),
  };
}

/** Colour only on a terminal that can show it, and never when NO_COLOR is set to anything (no-color.org). */
export function wantsColour(isTerminal: boolean, environment: Environment): boolean {
  return isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
}
