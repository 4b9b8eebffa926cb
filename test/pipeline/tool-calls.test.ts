import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../src/core/event.ts";
import { ToolCalls } from "../../src/pipeline/tool-calls.ts";
import { events, type Fragment, seen, surroundings } from "./strict-client.ts";

const ours = expect.stringMatching(/^call_[0-9a-f]{24}$/);
const weather = { id: "a", name: "weather", kind: "function", args: '{"at":"Kiel"}' };
const clock = { id: "b", name: "clock", kind: "function", args: '{"zone":1}' };

describe("two calls are two calls", () => {
  test.each<[string, Fragment[]]>([
    [
      "as OpenAI sends them",
      [
        { index: 0, id: "a", name: "weather", args: "" },
        { index: 0, args: '{"at":' },
        { index: 0, args: '"Kiel"}' },
        { index: 1, id: "b", name: "clock", args: "" },
        { index: 1, args: '{"zone":1}' },
      ],
    ],
    [
      "interleaved",
      [
        { index: 0, id: "a", name: "weather", args: "" },
        { index: 1, id: "b", name: "clock", args: "" },
        { index: 1, args: '{"zo' },
        { index: 0, args: '{"at":' },
        { index: 1, args: 'ne":1}' },
        { index: 0, args: '"Kiel"}' },
      ],
    ],
    [
      "interleaved by id alone",
      [
        { id: "a", name: "weather", args: '{"at":' },
        { id: "b", name: "clock", args: "{" },
        { id: "a", args: '"Kiel"}' },
        { id: "b", args: '"zone":1}' },
      ],
    ],
    [
      "with the first index 1",
      [
        { index: 1, id: "a", name: "weather", args: '{"at":"Kiel"}' },
        { index: 2, id: "b", name: "clock", args: '{"zone":1}' },
      ],
    ],
    [
      "with gaps between the indices, and backwards",
      [
        { index: 7, id: "a", name: "weather", args: '{"at":"Kiel"}' },
        { index: 3, id: "b", name: "clock", args: '{"zone":1}' },
      ],
    ],
    [
      "all with index 0 (older Ollama)",
      [
        { index: 0, id: "a", name: "weather", args: '{"at":' },
        { index: 0, args: '"Kiel"}' },
        { index: 0, id: "b", name: "clock", args: "" },
        { index: 0, args: '{"zone":1}' },
      ],
    ],
    [
      "all with index 0 and interleaved by id",
      [
        { index: 0, id: "a", name: "weather", args: "" },
        { index: 0, id: "b", name: "clock", args: "" },
        { index: 0, id: "a", args: '{"at":"Kiel"}' },
        { index: 0, id: "b", args: '{"zone":1}' },
      ],
    ],
    [
      "without an index (Gemini's compatible route)",
      [
        { id: "a", name: "weather", args: '{"at":"Kiel"}' },
        { id: "b", name: "clock", args: '{"zone":1}' },
      ],
    ],
    [
      "with an index that contradicts the id",
      [
        { index: 0, id: "a", name: "weather", args: "" },
        { index: 1, id: "a", args: '{"at":"Kiel"}' },
        { index: 1, id: "b", name: "clock", args: "" },
        { index: 0, id: "b", args: '{"zone":1}' },
      ],
    ],
    [
      "whole, and then whole again at the end of the stream",
      [
        { index: 0, id: "a", name: "weather", args: '{"at":"Kiel"}' },
        { index: 1, id: "b", name: "clock", args: '{"zone":1}' },
        { index: 0, id: "a", name: "weather", args: '{"at":"Kiel"}' },
        { index: 1, id: "b", name: "clock", args: '{"zone":1}' },
      ],
    ],
  ])("%s", (_, fragments) => {
    expect<unknown>(seen(fragments)).toEqual([weather, clock]);
  });

  test.each<[string, Fragment[]]>([
    ["nothing but names", [{ name: "weather" }, { name: "clock" }]],
    ["names and empty arguments", ["weather", "clock"].map((name) => ({ name, args: "" }))],
    ["names and an empty object", ["weather", "clock"].map((name) => ({ name, args: "{}" }))],
    ["the same index and no id", ["weather", "clock"].map((name) => ({ index: 0, name, args: "{}" }))],
  ])("of hosts that send %s", (_, fragments) => {
    expect<unknown>(seen(fragments)).toEqual([
      { id: ours, name: "weather", kind: "function", args: "{}" },
      { id: ours, name: "clock", kind: "function", args: "{}" },
    ]);
  });

  test("of one function, one after the other, with nothing to tell them apart but whole arguments", () => {
    const twice = [1, 2].map((n) => ({ name: "roll", args: `{"die":${n}}` }));
    expect(seen(twice).map(({ name, args }) => `${name} ${args}`)).toEqual([
      'roll {"die":1}',
      'roll {"die":2}',
    ]);
    const numbered = twice.map((fragment) => ({ ...fragment, index: 0 }));
    expect(seen(numbered)).toHaveLength(2);
  });

  test("also when all of them come under one id: the second gets one of its own", () => {
    const constant = [
      { index: 0, id: "0", name: "roll", args: '{"die":1}' },
      { index: 1, id: "0", name: "roll", args: '{"die":2}' },
    ];
    expect<unknown>(seen(constant)).toEqual([
      { id: "0", name: "roll", kind: "function", args: '{"die":1}' },
      { id: ours, name: "roll", kind: "function", args: '{"die":2}' },
    ]);
    expect(seen(constant.map(({ id, name, args }) => ({ id, name, args })))).toHaveLength(2);
  });
});

describe("one call is one call", () => {
  const one = { id: "a", name: "get_weather", kind: "function", args: '{"at":"Kiel"}' };

  test.each<[string, Fragment[]]>([
    [
      "its name after its id",
      [
        { index: 0, id: "a" },
        { index: 0, name: "get_weather" },
        { index: 0, args: '{"at":"Kiel"}' },
      ],
    ],
    [
      "its name after its arguments",
      [
        { index: 0, id: "a", args: '{"at":' },
        { index: 0, args: '"Kiel"}' },
        { index: 0, name: "get_weather" },
      ],
    ],
    [
      "its name in pieces",
      [
        { index: 0, id: "a", name: "get_" },
        { index: 0, name: "wea" },
        { index: 0, name: "ther" },
        { index: 0, args: '{"at":"Kiel"}' },
      ],
    ],
    [
      "its name in pieces beside empty arguments",
      [
        { index: 0, id: "a", name: "get_", args: "" },
        { index: 0, id: "a", name: "weather", args: "" },
        { index: 0, args: '{"at":"Kiel"}' },
      ],
    ],
    [
      "its name in every fragment",
      ['{"at":', '"Kiel"', "}", ""].map((args) => ({ index: 0, id: "a", name: "get_weather", args })),
    ],
    [
      "its name in every fragment, the id in the first",
      ['{"at":', '"Kiel"', "}", ""].map((args, i) => ({
        index: 0,
        name: "get_weather",
        args,
        ...(i === 0 ? { id: "a" } : {}),
      })),
    ],
    [
      "its id empty after the first fragment",
      [
        { index: 0, id: "a", name: "get_weather", args: "" },
        { index: 0, id: "", name: "", args: '{"at":' },
        { index: 0, id: "", name: "", args: '"Kiel"}' },
      ],
    ],
    [
      "its id after its name",
      [
        { index: 0, name: "get_weather" },
        { index: 0, id: "a", args: '{"at":"Kiel"}' },
      ],
    ],
    [
      "a new id in every fragment (older vLLM): the first counts",
      [
        { index: 0, id: "a", name: "get_weather", args: "" },
        { index: 0, id: "x", args: '{"at":' },
        { index: 0, id: "y", args: '"Kiel"}' },
        { index: 0, id: "z", args: "" },
      ],
    ],
    ["an object for arguments", [{ index: 0, id: "a", name: "get_weather", args: { at: "Kiel" } }]],
    [
      "null before the arguments",
      [
        { index: 0, id: "a", name: "get_weather", args: null },
        { index: 0, args: '{"at":"Kiel"}' },
      ],
    ],
  ])("%s", (_, fragments) => {
    expect<unknown>(seen(fragments)).toEqual([one]);
  });

  test("one generated id, the same for all of it, where the backend gives none", () => {
    const [call] = seen([{ name: "get_weather" }, { args: '{"at":"Kiel"}' }]);
    expect<unknown>(call).toEqual({ ...one, id: ours });
  });
});

describe("arguments", () => {
  test.each<[string, Fragment]>([
    ["no arguments", {}],
    ["null", { args: null }],
    ["an empty text", { args: "" }],
    ["an empty object", { args: {} }],
    ["an empty object's text", { args: "{}" }],
  ])("%s are an empty object", (_, fragment) => {
    expect<unknown>(seen([{ index: 0, id: "a", name: "now", ...fragment }])).toEqual([
      { id: "a", name: "now", kind: "function", args: "{}" },
    ]);
  });

  test("blank ones are made one too, since clients parse them", () => {
    expect(JSON.parse(seen([{ name: "now", args: "\n" }])[0]?.args ?? "")).toEqual({});
  });

  test("that are no JSON are what the model wrote: handed on, never repaired", () => {
    expect(seen([{ index: 0, id: "a", name: "now", args: '{"at":' }])[0]?.args).toBe('{"at":');
  });

  test("leave fragment by fragment, as they come", () => {
    const calls = new ToolCalls(0, surroundings());
    const out: StreamEvent[] = [];
    calls.push({ type: "tool-delta", choice: 0, index: 0, id: "a", name: "now", args: "{" }, out);
    expect(out.map(({ type }) => type)).toEqual(["tool-start", "tool-args"]);
    calls.push({ type: "tool-delta", choice: 0, index: 0, args: "}" }, out);
    expect(out).toHaveLength(3);
  });
});

describe("custom tools", () => {
  test("take any text, and none is none", () => {
    expect<unknown>(
      seen([
        { index: 0, id: "a", kind: "custom", name: "shell", args: "" },
        { index: 0, args: "ls {" },
        { index: 1, id: "b", kind: "custom", name: "shell", args: "" },
      ]),
    ).toEqual([
      { id: "a", name: "shell", kind: "custom", args: "ls {" },
      { id: "b", name: "shell", kind: "custom", args: "" },
    ]);
  });

  test("may say their kind late", () => {
    const [call] = seen([
      { index: 0, id: "a" },
      { index: 0, kind: "custom", name: "shell", args: "ls" },
    ]);
    expect(call).toEqual({ id: "a", name: "shell", kind: "custom", args: "ls" });
  });
});

test("what a call carries beside stays with it (Gemini's thought signature)", () => {
  const extra = {
    dialect: "openai",
    fields: { extra_content: { google: { thought_signature: "s" } } },
  } as const;
  const out = events([
    { id: "a", name: "now", args: "{}", extra },
    { id: "b", name: "now", args: "{}" },
  ]);
  expect(out.filter(({ type }) => type === "tool-start")).toEqual([
    { type: "tool-start", choice: 0, part: 0, call: 0, id: "a", name: "now", kind: "function", extra },
    { type: "tool-start", choice: 0, part: 1, call: 1, id: "b", name: "now", kind: "function" },
  ]);
});

test("a call that waits for its name does not shift the others: they are numbered as they begin", () => {
  const fragments: Fragment[] = [
    { index: 0, id: "a", args: '{"at":"Kiel"}' },
    { index: 1, id: "b", name: "clock", args: '{"zone":1}' },
    { index: 0, name: "weather" },
  ];
  expect<unknown>(seen(fragments)).toEqual([clock, weather]);
});

describe("what no client could use is an error", () => {
  const code = expect.objectContaining({ code: "upstream_bad_frame" });

  test("a call without a name", () => {
    expect(() => seen([{ index: 0, id: "a", args: "{}" }])).toThrow(code);
    expect(() => seen([{ index: 0, id: "a" }])).toThrow(code);
  });

  test("arguments of a nameless call without an end are not collected for ever", () => {
    const calls = new ToolCalls(0, surroundings());
    const push = () => calls.push({ type: "tool-delta", choice: 0, index: 0, args: "x".repeat(50_000) }, []);
    push();
    push();
    expect(push).toThrow(code);
  });

  test("more calls than any model makes", () => {
    const many = Array.from({ length: 513 }, (_, index) => ({
      index,
      id: `${index}`,
      name: "now",
      args: "{}",
    }));
    expect(seen(many.slice(0, 512))).toHaveLength(512);
    expect(() => seen(many)).toThrow(code);
  });
});
