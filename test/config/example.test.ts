import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { locate } from "../../src/config/locate.ts";
import { formatProblem, type Path, type Problem } from "../../src/config/problems.ts";
import { ConfigSchema } from "../../src/config/schema.ts";
import { accept, load, problems, warnings, type Around } from "./scratch.ts";

const example = await Bun.file(join(import.meta.dir, "..", "..", "fairlead.example.toml")).text();

/** What the example refers to. */
const around: Around = {
  env: { FAIRLEAD_API_KEY: "client-key", CREDENTIALS_DIRECTORY: "DIR/credentials" },
  files: {
    "credentials/cloud-key": "cloud-key-1\n",
    "team.token": "token-1\n",
    "corp.pem": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
  },
};

/** Keys of the user's own, and of values that are passed on: any spelling is right. */
const FREE = new Set([
  "gpu",
  "desk",
  "office",
  "cloud",
  "fast",
  "temperature",
  "version",
  "Cache-Control",
  "X-Team-Token",
]);

describe("the example configuration", () => {
  test("is valid, and holds no key in clear", () => {
    const config = accept(example, around);
    expect(config.server.apiKeys).toEqual(["client-key"]);
    expect(config.backends.map(({ name, type, apiKey }) => [name, type, apiKey])).toEqual([
      ["gpu", "llamacpp", undefined],
      ["desk", "ollama", undefined],
      ["office", "azure", undefined],
      ["cloud", "openai-compatible", "cloud-key-1"],
    ]);
    expect(config.backends[3]?.headers).toEqual({ "X-Team-Token": "token-1" });
    expect(config.models[0]?.targets).toEqual(["gpu/qwen3-8b", "cloud/large-2"]);
    expect(config.endpoints).toHaveLength(2);
    expect(warnings(example, { ...around, modes: { "fairlead.toml": 0o644 } })).toEqual([]);
  });

  test("shows every key of the schema", () => {
    const shown = new Set(keysOf(example).map((each) => each.key));
    const missing = schemaKeys(ConfigSchema).filter((key) => !shown.has(key));
    expect(missing).toEqual([]);
  });

  test("tells the defaults as they are", () => {
    const bare = accept("");
    const shown = accept(example, around);
    const { host, port, bodyMax, drain, heartbeat, strict } = bare.server;
    expect(shown.server).toMatchObject({ host, port, bodyMax, drain, heartbeat, strict });
    expect(shown.responses).toEqual(bare.responses);
  });
});

describe("every slip of the finger in a key of the example is told at its own line, with the right word", () => {
  test.each(keysOf(example).map((each) => [`${each.key} on line ${each.line}`, each] as const))(
    "%s",
    (_name, place) => {
      const wrong: string[] = [];
      for (const typo of typos(place.key)) {
        const text = example.slice(0, place.offset) + typo + example.slice(place.offset + place.key.length);
        const result = load(text, around);
        const found = "problems" in result ? result.problems : [];
        if (!found.some((problem) => tells(problem, typo, place)))
          wrong.push(`${typo}: ${found.map(formatProblem)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("a header that is misspelt takes its keys with it, and they are not told one by one", () => {
    expect(problems(example.replace("[server]", "[sever]"), around).map(({ path }) => path)).toEqual([
      "sever",
    ]);
  });
});

test("whatever happens to the example, it is loaded or refused with a reason", () => {
  let seed = 7;
  // Park and Miller's generator: the same damage on every run.
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const junk = [
    '"',
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    "\n",
    "#",
    "\\",
    "-1",
    "'''",
    "\u0000",
    "é",
    "[[server]]\n",
    "true",
  ];
  for (let round = 0; round < 400; round++) {
    const at = random(example.length);
    const piece = junk[random(junk.length)] ?? "";
    const text = example.slice(0, at) + piece + example.slice(at + random(4));
    const result = load(text, around);
    if (!("problems" in result)) continue;
    expect(result.problems.length).toBeGreaterThan(0);
    for (const each of result.problems)
      expect(each.line, `${piece} at ${at}: ${formatProblem(each)}`).toBeGreaterThan(0);
  }
});

interface Place {
  key: string;
  offset: number;
  line: number;
}

function tells(problem: Problem, typo: string, { key, line }: Place): boolean {
  const own = problem.path === typo || problem.path.endsWith(`.${typo}`);
  return own && problem.line === line && problem.hint === `did you mean "${key}"?`;
}

/** One letter lost, doubled, replaced, or swapped with its neighbour. */
function typos(key: string): string[] {
  const found = new Set<string>();
  for (let index = 0; index < key.length; index++) {
    const [before, letter, after] = [key.slice(0, index), key.charAt(index), key.slice(index + 1)];
    found.add(before + after);
    found.add(before + letter + letter + after);
    found.add(`${before}j${after}`);
    found.add(before + after.charAt(0) + letter + after.slice(1));
  }
  found.delete(key);
  return [...found].filter((typo) => typo !== "" && !typo.startsWith("."));
}

/** Every place in the text where a key of the schema is written. */
function keysOf(text: string): Place[] {
  const places: Place[] = [];
  let start = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const code = line.replace(/#.*$/, "").replace(/"[^"]*"/g, (quoted) => " ".repeat(quoted.length));
    for (const match of code.matchAll(/[A-Za-z0-9_-]+(?=\s*[=.\]])/g)) {
      if (!FREE.has(match[0]) && /[a-z]/.test(match[0]) && !/^(true|false)$/.test(match[0])) {
        places.push({ key: match[0], offset: start + match.index, line: index + 1 });
      }
    }
    start += line.length + 1;
  }
  return places;
}

function schemaKeys(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "properties" in schema ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(schemaKeys)];
}

test("the test above looks at every key: as many as the document has", () => {
  const found = locate(example);
  const seen = keysOf(example).length;
  const walk = (value: unknown, path: Path): number =>
    typeof value !== "object" || value === null
      ? 0
      : Object.entries(value).reduce((sum, [key, child]) => {
          const here = [...path, Array.isArray(value) ? Number(key) : key];
          const named = !Array.isArray(value) && !FREE.has(key) && found.offset(here) !== undefined;
          return sum + (named ? 1 : 0) + walk(child, here);
        }, 0);
  // A header that mentions a table again (the other [backends.*], the second [[endpoints]]) is a place, but not a new key.
  expect(seen).toBe(walk(Bun.TOML.parse(example), []) + 4);
});
