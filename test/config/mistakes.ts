import { expect, test } from "bun:test";
import { problem } from "./scratch.ts";

/** A text with one mistake; the line, the path and the hint to expect, and a part of the message. */
export type Mistake = [toml: string, line: number, path: string, message: string, hint?: string | undefined];

/** A backend and an alias to add a mistake to: two lines each. */
export const gpu = '[backends.gpu]\ntype = "llamacpp"\n';
export const fast = '[models.fast]\ntargets = ["gpu/a"]\n';

/** One test for each mistake. */
export function refuses(mistakes: Mistake[]): void {
  const named = mistakes.map(
    (mistake) => [`${mistake[2]}: ${mistake[3]}, in ${JSON.stringify(mistake[0])}`, mistake] as const,
  );
  test.each(named)("%s", (_name, [toml, line, path, message, hint]) => {
    const found = problem(toml);
    expect(found.file).toBe("DIR/fairlead.toml");
    expect([found.line, found.path, found.hint]).toEqual([line, path, hint]);
    expect(found.message).toContain(message);
  });
}
