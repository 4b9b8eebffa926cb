/**
 * `npm start` and `npm test` as far as it can be seen without a network; scripts/check-fresh-clone.sh does it for real.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dependencies, devDependencies, scripts } from "../package.json";

const ROOT = join(import.meta.dir, "..");
const BUN = "BUN";

/** What scripts/run.mjs exports; it is plain JavaScript, so the compiler has to be told. */
interface Run {
  STEPS: Record<string, (bun: string) => string[][]>;
  findBun(root: string, wanted: string): string | undefined;
  pinnedVersion(root: string): string;
}
const run: Run = await import(join(ROOT, "scripts/run.mjs"));

describe("the scripts of package.json", () => {
  test.each(Object.entries(scripts))("%s is a step of its own", (name, line) => {
    expect(line).toBe(`node scripts/run.mjs ${name}`);
    expect(Object.keys(run.STEPS)).toContain(name);
  });

  test.each(Object.keys(run.STEPS))("every file that %s names is there", (name) => {
    const files = (run.STEPS[name]?.(BUN) ?? []).flat().filter((part) => /^(scripts|test)\//.test(part));
    for (const file of files) expect(existsSync(join(ROOT, file))).toBe(true);
  });

  test("start builds and runs the binary", () => {
    const name = process.platform === "win32" ? "fairlead.exe" : "fairlead";
    expect(run.STEPS["start"]?.(BUN)).toEqual([[BUN, "scripts/build.ts"], [join(ROOT, "dist", name)]]);
  });

  test("test checks types, format and lint, builds, and runs every test", () => {
    expect(run.STEPS["test"]?.(BUN)).toEqual([
      [BUN, "check"],
      [BUN, "fmt", "--check"],
      [BUN, "node_modules/oxlint/bin/oxlint", "src", "test", "scripts"],
      [BUN, "scripts/build.ts"],
      [BUN, "test"],
    ]);
  });

  test("an unknown step is refused with exit code 2", () => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, join(ROOT, "scripts/run.mjs"), "strat"]);
    expect([exitCode, stderr.toString()]).toEqual([2, expect.stringContaining("Usage")]);
  });
});

describe("versions", () => {
  test.each(Object.entries({ ...dependencies, ...devDependencies }))("%s is pinned exactly", (_, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("the tests run on the Bun that is pinned", () => {
    expect(Bun.version).toBe(run.pinnedVersion(ROOT));
    expect(devDependencies["bun-types"]).toBe(devDependencies.bun);
  });
});

describe.skipIf(process.platform === "win32")("Bun is found", () => {
  const root = mkdtempSync(join(tmpdir(), "fairlead-bun-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const place = (path: string, script: string) => {
    const file = join(root, "node_modules", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  test("nowhere in an empty clone", () => {
    expect(run.findBun(root, "9.9.9")).toBeUndefined();
  });

  test("as the one that is running, when it is the pinned one", () => {
    expect(run.findBun(root, Bun.version)).toBe(process.execPath);
  });

  test("in the platform's package, when the package bun is a stub because install scripts are off", () => {
    place("bun/bin/bun.exe", "echo 'Bun was not installed' >&2; exit 1");
    place("@oven/bun-linux-sparc/bin/bun", "exit 126");
    const found = place("@oven/bun-linux-x64/bin/bun", "echo 9.9.9");
    expect(run.findBun(root, "9.9.9")).toBe(found);
  });

  test("in the package bun, when its install script has run", () => {
    const found = place("bun/bin/bun.exe", "echo 9.9.9");
    expect(run.findBun(root, "9.9.9")).toBe(found);
  });

  test("not as another version", () => {
    expect(run.findBun(root, "9.9.8")).toBeUndefined();
  });
});
