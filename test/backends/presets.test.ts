import { describe, expect, test } from "bun:test";
import { ADAPTERS } from "../../src/adapters/index.ts";
import { PRESETS, type Preset, presetNamed, USUAL_ENGINES } from "../../src/backends/presets.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import { BACKEND_TYPES } from "../../src/config/backend-schema.ts";

const ALL: [string, Preset][] = Object.entries(PRESETS);

test("every backend type of the configuration is a preset, and every preset is a type", () => {
  expect(Object.keys(PRESETS).sort()).toEqual([...BACKEND_TYPES].sort());
});

test("a type that is no preset is none, whatever JavaScript calls its objects' fields", () => {
  expect(presetNamed("llamacpp")).toBe(PRESETS.llamacpp);
  expect(presetNamed("constructor")).toBeUndefined();
  expect(presetNamed("gpt")).toBeUndefined();
});

describe.each(ALL)("the preset %s", (name, preset) => {
  test("carries its own name, a profile and an adapter", () => {
    expect(preset.name).toBe(name);
    expect(PROFILES[preset.profile]).toBeDefined();
    expect(ADAPTERS[preset.dialect]).toBeDefined();
  });

  test("names an address to which a path can be added, if any", () => {
    // Nobody but the user knows the address of their own resource at Azure.
    const elsewhere = preset.where === "anywhere" || preset.where === "inside" || name === "azure";
    expect(preset.url === undefined).toBe(elsewhere);
    expect(preset.url ?? "https://x").toMatch(/^https?:\/\/[^/]+(\/[a-z0-9-]+)*$/);
    expect(preset.url ?? "").not.toMatch(/\/v1$/);
  });

  test("encrypts what leaves the machine, and has a key for it", () => {
    if (preset.where !== "remote") return;
    expect(preset.url ?? "https://").toStartWith("https://");
    expect(preset.keyVariable).toMatch(/^[A-Z_]+_API_KEY$/);
  });

  test("waits for a model on a CPU, and not for a connection", () => {
    const local = preset.where === "local" || preset.where === "inside";
    expect(preset.timeouts).toEqual(
      local
        ? { connect: 3_000, firstByte: 600_000, idle: 300_000 }
        : { connect: 10_000, firstByte: 120_000, idle: 300_000 },
    );
    expect(preset.concurrency).toBeGreaterThan(0);
  });
});

test("no two presets share an address or a variable", () => {
  for (const of of [
    (preset: Preset) => [preset.url],
    (preset: Preset) => [preset.keyVariable],
    (preset: Preset) => [...preset.urlVariables],
  ]) {
    const named = ALL.flatMap(([, preset]) => of(preset)).filter((value) => value !== undefined);
    expect(new Set(named).size).toBe(named.length);
  }
});

test("the usual ports are 8080, 1234, 11434 and 8000", () => {
  expect(USUAL_ENGINES.map((name) => new URL(PRESETS[name].url ?? "").port)).toEqual([
    "8080",
    "1234",
    "11434",
    "8000",
  ]);
});
