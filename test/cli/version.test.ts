import { expect, test } from "bun:test";
import { versionInfo, versionJson, versionText } from "../../src/cli/version.ts";

test("run from the sources, the version says so instead of failing", () => {
  expect(versionInfo()).toEqual({
    version: "0.0.0-dev",
    commit: "unknown",
    bun: Bun.version,
    platform: process.platform,
    arch: process.arch,
  });
});

test("the text is one line with everything in it", () => {
  const info = { version: "1.2.3", commit: "abc1234", bun: "1.4.4", platform: "linux", arch: "x64" };
  expect(versionText(info)).toBe("fairlead 1.2.3 (commit abc1234, bun 1.4.4, linux-x64)\n");
  expect(JSON.parse(versionJson(info))).toEqual(info);
  expect(versionJson(info)).toMatch(/^.+\n$/);
});

test("a build puts its own version and commit in", async () => {
  const entry = new URL("../../src/cli/version.ts", import.meta.url).pathname;
  const built = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    define: { BUILD_VERSION: '"9.8.7"', BUILD_COMMIT: '"fedcba9"' },
  });
  const code = (await built.outputs[0]?.text()) ?? "";
  const script = `${code}\nprocess.stdout.write(versionText(versionInfo()));`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  expect(await child.stdout.text()).toStartWith("fairlead 9.8.7 (commit fedcba9, ");
});
