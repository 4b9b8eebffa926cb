import { describe, expect, test } from "bun:test";
import { type Plan, brokenArrows } from "./structure/arrows.ts";
import { readTree } from "./structure/tree.ts";

/** The picture of the house: for each room, the rooms it may import from. Type imports are arrows like any other. */
const PLAN: Plan = {
  core: [],
  wire: ["core"],
  config: ["core"],
  store: ["core", "config"],
  adapters: ["core", "wire"],
  api: ["core", "wire"],
  backends: ["core", "wire", "config", "adapters"],
  pipeline: ["core", "wire", "adapters", "api", "backends"],
  server: ["core", "config", "api", "backends", "pipeline", "store"],
  cli: ["core", "config", "server", "backends", "pipeline", "api", "store"],
};

test("every import in the source follows the plan of the house", () => {
  expect(brokenArrows(readTree("src"), PLAN)).toEqual([]);
});

describe("the check itself", () => {
  /** A house that stands; each test below breaks one thing in it. */
  const HOUSE = {
    "src/main.ts": `import "./cli/serve.ts";`,
    "src/cli/serve.ts": `import { app } from "../server/app.ts";`,
    "src/server/app.ts": `import { Elysia } from "elysia"; import { type E } from "../core/event.ts";`,
    "src/core/event.ts": `export type E = 1;`,
    "src/core/failure.ts": `import type { E } from "./event.ts";`,
  };

  const broken = (changes: Record<string, string>) =>
    brokenArrows(new Map(Object.entries({ ...HOUSE, ...changes })), PLAN);

  test("lets a house stand that follows the plan", () => {
    expect(broken({})).toEqual([]);
  });

  test.each([
    ["an import", `import { app } from "../server/app.ts";`],
    ["a type import", `import type { App } from "../server/app.ts";`],
    ["an inline type import", `import { type App } from "../server/app.ts";`],
    ["a side-effect import", `import "../server/app.ts";`],
    ["a default import", `import app, * as all from "../server/app.ts";`],
    ["a re-export", `export { app as default } from "../server/app.ts";`],
    ["a type re-export", `export type { App } from "../server/app.ts";`],
    ["a whole re-export", `export * from "../server/app.ts";`],
    ["a dynamic import", `const app = await import("../server/app.ts");`],
    ["the type of an import", `let app: import("../server/app.ts").App;`],
    ["a require", `const app = require("../server/app.ts");`],
    ["a worker's file", `new Worker(new URL("../server/app.ts", import.meta.url));`],
    [
      "an import over several lines",
      `import {\n  type App, // from "elsewhere"\n  app,\n} from\n "../server/app.ts";`,
    ],
  ])("sees %s against the arrows", (_, source) => {
    const problems = broken({ "src/wire/sse.ts": source });
    expect(problems).toContainEqual(
      expect.stringMatching(/^src\/wire\/sse\.ts:\d: wire may not import server$/),
    );
  });

  test.each([
    ["a comment", `// import { app } from "../server/app.ts";\n/* export * from "../server/app.ts" */`],
    ["a string", `const line = 'import { app } from "../server/app.ts";';`],
    ["a template", "const line = `${1} import '../server/app.ts' ${`import '../server/app.ts'`}`;"],
    ["a regular expression", `const line = /import "..\\/server\\/app.ts"/;`],
    ["a key", `const line = { import: "../server/app.ts", from: "../server/app.ts" };`],
  ])("is not misled by %s", (_, source) => {
    expect(broken({ "src/wire/sse.ts": source })).toEqual([]);
  });

  test("sees an arrow that points up from main.ts past cli", () => {
    expect(broken({ "src/main.ts": `import "./server/app.ts";` })).toEqual([
      "src/main.ts:1: main.ts may not import server",
    ]);
  });

  test("sees an import of main.ts", () => {
    expect(broken({ "src/cli/serve.ts": `import "../main.ts";` })).toContain(
      "src/cli/serve.ts:1: nothing imports main.ts",
    );
  });

  test("sees a second file in src/ itself", () => {
    expect(broken({ "src/types.ts": "" })).toEqual(["src/types.ts: only main.ts stands in src/ itself"]);
  });

  test("sees a room that is not in the plan", () => {
    expect(broken({ "src/services/chat.ts": "" })).toEqual([
      'src/services/chat.ts: no room is called "services"',
    ]);
  });

  test("sees an import of a file that is not there", () => {
    expect(broken({ "src/wire/sse.ts": `import "../core/events.ts";` })).toEqual([
      "src/wire/sse.ts:1: there is no src/core/events.ts",
    ]);
  });

  test("sees an import from outside the source", () => {
    expect(broken({ "src/wire/sse.ts": `import p from "../../package.json";` })).toEqual([
      "src/wire/sse.ts:1: package.json is outside src/",
    ]);
  });

  test("sees an import that cannot be followed", () => {
    expect(broken({ "src/wire/sse.ts": "await import(`../${name}.ts`);" })).toEqual([
      "src/wire/sse.ts:1: a computed import can point anywhere",
    ]);
  });

  test("sees a cycle between two files of one room, of types only", () => {
    expect(broken({ "src/core/event.ts": `import type { F } from "./failure.ts";` })).toEqual([
      "a cycle: src/core/event.ts -> src/core/failure.ts -> src/core/event.ts",
    ]);
  });

  test("sees a cycle between rooms whose files form none", () => {
    const problems = broken({
      "src/wire/a.ts": `import "../config/b.ts";`,
      "src/config/b.ts": "",
      "src/config/c.ts": `import "../wire/d.ts";`,
      "src/wire/d.ts": "",
    });
    expect(problems).toContain("a cycle: wire -> config -> wire");
  });

  test.each([
    ["src/core/model.ts", `import { Type } from "@sinclair/typebox";`, "core imports nothing"],
    ["src/pipeline/attempt.ts", `import { Elysia } from "elysia";`, "only the server speaks Elysia"],
    ["src/api/chat.ts", `import type { Socket } from "node:net";`, "only backends open sockets outward"],
    ["src/api/chat.ts", `import { connect, isIP } from "node:net";`, "only backends open sockets outward"],
    ["src/cli/check.ts", `import OpenAI from "openai";`, "it is for tests"],
  ])("sees that %s imports a package that is another room's", (path, source, why) => {
    expect(broken({ [path]: source })).toEqual([expect.stringContaining(why)]);
  });

  test("lets anybody ask whether a text is an address", () => {
    expect(broken({ "src/config/host.ts": `import { isIP } from "node:net";` })).toEqual([]);
  });

  test.each(["await fetch(url);", "const answer = fetch(url);", "Bun.connect({});"])(
    "sees a connection opened outside backends: %s",
    (source) => {
      expect(broken({ "src/pipeline/attempt.ts": source })).toEqual([
        expect.stringContaining("only backends open sockets outward"),
      ]);
      expect(broken({ "src/backends/client.ts": source })).toEqual([]);
    },
  );

  test("takes a method called fetch for what it is", () => {
    expect(
      broken({ "src/server/listen.ts": "Bun.serve({ fetch(request) {} }); app.fetch(request);" }),
    ).toEqual([]);
  });
});
