import { describe, expect, test } from "bun:test";
import type { StreamEvent, ToolKind } from "../../src/core/event.ts";
import { codeOf, type Note } from "../../src/core/note.ts";
import type { Prompt } from "../../src/core/prompt.ts";
import type { ToolForms } from "../../src/pipeline/naming.ts";
import { ToolNames } from "../../src/pipeline/tool-names.ts";
import { answers, calls, customTool, functionTool, hostedTool, promptOf } from "./prompts.ts";

/** What a backend that knows these forms is told, and what brings its answers back. */
function told(parts: Partial<Prompt>, forms: ToolForms = "functions") {
  const notes: Note[] = [];
  const prompt = promptOf(parts);
  const names = ToolNames.of(prompt, { forms, dialect: "openai" }, notes);
  return { names, prompt: names?.prompt ?? prompt, notes: notes.map(codeOf) };
}

/** The names that a backend is told of these tools, in order. */
const namesOf = (parts: Partial<Prompt>, forms?: ToolForms) =>
  told(parts, forms).prompt.tools.map(({ name }) => name);

/** A call of the model, after the normaliser. */
function called(name: string, json: string, kind: ToolKind = "function"): StreamEvent[] {
  return [
    { type: "tool-start", choice: 0, part: 3, call: 1, id: "c1", name, kind },
    ...[...json].map(
      (piece) => ({ type: "tool-args", choice: 0, part: 3, call: 1, kind, json: piece }) as const,
    ),
    { type: "part-end", choice: 0, part: 3, argsOk: true },
  ];
}

const CLOSE = functionTool("close_agent", { namespace: "multi_agent_v1" });
const PATCH = customTool("apply_patch", {
  description: "Changes files.",
  format: { type: "grammar", syntax: "lark", definition: "start: /.+/" },
});

describe("tools that the backend knows as they are", () => {
  test("are left alone, whatever its forms", () => {
    const tools = [functionTool("now"), functionTool("a-B_9")];
    for (const forms of ["functions", "custom", "namespaces"] as const)
      expect(told({ tools, items: [calls()] }, forms).names).toBeUndefined();
    expect(told({ tools: [PATCH] }, "custom").names).toBeUndefined();
    expect(told({ tools: [PATCH, CLOSE] }, "namespaces").names).toBeUndefined();
  });

  test("are none in a prompt without tools", () => {
    expect(told({}).names).toBeUndefined();
    expect(told({ toolChoice: { mode: "required" } }).prompt.toolChoice).toEqual({ mode: "required" });
  });
});

describe("a tool in a namespace (Codex)", () => {
  test("is told under both names, and called back under its own two", () => {
    const { names, prompt, notes } = told({ tools: [CLOSE, functionTool("now")] });
    expect(prompt.tools).toEqual([
      { type: "function", name: "multi_agent_v1__close_agent", parameters: { type: "object" }, at: CLOSE.at },
      functionTool("now"),
    ]);
    expect(notes).toEqual([`renamed:${CLOSE.at}`]);
    const [start, ...rest] = names?.restore(called("multi_agent_v1__close_agent", "{}")) ?? [];
    expect(start).toEqual({
      type: "tool-start",
      choice: 0,
      part: 3,
      call: 1,
      id: "c1",
      namespace: "multi_agent_v1",
      name: "close_agent",
      kind: "function",
    });
    expect(rest).toEqual(called("", "{}").slice(1));
  });

  test("has one name in the whole conversation: in earlier calls, their results and the choice", () => {
    const call = calls({ name: "close_agent", namespace: "multi_agent_v1" });
    const { prompt } = told({
      tools: [CLOSE],
      items: [call, answers({ name: "close_agent" }), answers({ id: "c9" })],
      toolChoice: { mode: "named", name: "close_agent", namespace: "multi_agent_v1" },
    });
    const name = "multi_agent_v1__close_agent";
    expect(prompt.items).toEqual([calls({ name }), answers({ name }), answers({ id: "c9" })]);
    expect(prompt.toolChoice).toEqual({ mode: "named", name });
  });

  test("is found by its name alone where the choice says no more", () => {
    const toolChoice = { mode: "allowed", names: ["close_agent", "now"], required: true } as const;
    const asked = told({
      tools: [CLOSE, functionTool("now")],
      toolChoice: { ...toolChoice, names: [...toolChoice.names] },
    });
    expect(asked.prompt.toolChoice).toEqual({ ...toolChoice, names: ["multi_agent_v1__close_agent", "now"] });
  });

  test("is known again by a client that gives back the backend's own name", () => {
    const { prompt } = told({ tools: [CLOSE], items: [calls({ name: "multi_agent_v1__close_agent" })] });
    expect(prompt.items).toMatchObject([{ name: "multi_agent_v1__close_agent" }]);
  });

  test("that is gone from the tools is called as it was", () => {
    const { prompt } = told({ items: [calls({ name: "close_agent", namespace: "multi_agent_v1" })] });
    expect(prompt.items).toEqual([calls({ name: "multi_agent_v1__close_agent" })]);
  });

  test("of many is noted once", () => {
    const tools = ["a", "b", "c"].map((name) => functionTool(name, { namespace: "n" }));
    expect(told({ tools }).notes).toEqual(["renamed:tools.a"]);
  });
});

describe("a custom tool", () => {
  test("is told as a function with one text, its grammar in words", () => {
    const { prompt, notes } = told({ tools: [PATCH] });
    expect(prompt.tools).toEqual([
      {
        type: "function",
        name: "apply_patch",
        description: expect.stringMatching(/^Changes files\.\n\n.*grammar \(lark\):\nstart: \/\.\+\/$/s),
        parameters: {
          type: "object",
          properties: { input: { type: "string", description: expect.any(String) } },
          required: ["input"],
          additionalProperties: false,
        },
        at: PATCH.at,
      },
    ]);
    expect(notes).toEqual([`emulated:${PATCH.at}`]);
  });

  test("has its earlier calls and results in the same form", () => {
    const items = [
      calls({ name: "apply_patch", kind: "custom", args: 'a "b"\n' }),
      answers({ kind: "custom" }),
    ];
    expect(told({ tools: [PATCH], items }).prompt.items).toEqual([
      calls({ name: "apply_patch", args: JSON.stringify({ input: 'a "b"\n' }) }),
      answers(),
    ]);
  });

  test("has one name, also where its client calls it a function", () => {
    const items = [calls({ name: "files.patch", args: "ls" })];
    const { prompt } = told({ tools: [customTool("files.patch")], items });
    expect(prompt.items).toEqual([calls({ name: "files_patch", args: "ls" })]);
  });

  test.each<[string, string, string]>([
    ["its text", '{"input":"*** Begin \\"Patch\\"\\n"}', '*** Begin "Patch"\n'],
    ["a bare text", '"ls"', "ls"],
    ["another field: what the model wrote", '{"command":"ls"}', '{"command":"ls"}'],
    ["no JSON: what the model wrote", "ls -l", "ls -l"],
    ["half a JSON: what the model wrote", '{"input":"ls', '{"input":"ls'],
    ["an input that is no text", '{"input":{"a":1}}', '{"input":{"a":1}}'],
  ])("is called back with %s", (_, json, input) => {
    const { names } = told({ tools: [PATCH] });
    const batches = called("apply_patch", json).map((event) => names?.restore([event]));
    expect(batches.slice(1, -1).flat()).toEqual([]);
    expect([batches[0], batches.at(-1)].flat()).toEqual([
      { type: "tool-start", choice: 0, part: 3, call: 1, id: "c1", name: "apply_patch", kind: "custom" },
      { type: "tool-args", choice: 0, part: 3, call: 1, kind: "custom", json: input },
      { type: "part-end", choice: 0, part: 3 },
    ]);
  });

  test.each(["{}", '{"input":""}'])("is called back without a word for %s", (json) => {
    const said = told({ tools: [PATCH] }).names?.restore(called("apply_patch", json));
    expect(said?.map(({ type }) => type)).toEqual(["tool-start", "part-end"]);
  });

  test("in a namespace stays one, under both names, where the backend knows custom tools", () => {
    const tools = [customTool("run", { namespace: "shell" })];
    const { names, prompt } = told({ tools }, "custom");
    expect(prompt.tools).toEqual([{ ...customTool("shell__run"), at: "tools.run" }]);
    expect(names?.restore(called("shell__run", "ls", "custom"))).toEqual([
      {
        type: "tool-start",
        choice: 0,
        part: 3,
        call: 1,
        id: "c1",
        name: "run",
        namespace: "shell",
        kind: "custom",
      },
      ...called("", "ls", "custom").slice(1),
    ]);
  });

  test("and a function called at once are not mixed up", () => {
    const { names } = told({ tools: [PATCH, functionTool("now")] });
    const now = called("now", '{"a":1}').map((event) => ({ ...event, part: 4, call: 2 }) as StreamEvent);
    const both = called("apply_patch", '{"input":"x"}').flatMap((event, i) => [
      event,
      ...now.slice(i, i + 1),
    ]);
    const said = names?.restore(both) ?? [];
    const args = (part: number) =>
      said.map((event) => (event.type === "tool-args" && event.part === part ? event.json : "")).join("");
    expect([args(3), args(4)]).toEqual(["x", '{"a":1}']);
  });
});

describe("a tool that its vendor runs", () => {
  test("is told to nobody else, with a note that names it", () => {
    const tools = [hostedTool("web_search", "openai-responses"), functionTool("now")];
    expect(told({ tools })).toMatchObject({
      prompt: { tools: [functionTool("now")] },
      notes: ["dropped:tools.web_search"],
    });
  });

  test("stays where the backend is the vendor's", () => {
    const tools = [hostedTool("web_search", "openai"), functionTool("now")];
    expect(told({ tools, toolChoice: { mode: "named", name: "web_search" } }).names).toBeUndefined();
    const mixed = told({ tools: [...tools, CLOSE], toolChoice: { mode: "named", name: "web_search" } });
    expect(mixed.prompt.toolChoice).toEqual({ mode: "named", name: "web_search" });
    expect(mixed.prompt.tools).toHaveLength(3);
  });

  test("takes the choice of it along, with a note where the client insisted", () => {
    const tools = [hostedTool("web_search", "openai-responses"), functionTool("now")];
    const choose = (toolChoice: Prompt["toolChoice"], list = tools) => {
      const { prompt, notes } = told({ tools: list, ...(toolChoice ? { toolChoice } : {}) });
      return [prompt.toolChoice, notes.includes("dropped:tool_choice")];
    };
    expect(choose({ mode: "named", name: "web_search" })).toEqual([undefined, true]);
    expect(choose({ mode: "allowed", names: ["web_search"], required: true })).toEqual([undefined, true]);
    expect(choose({ mode: "allowed", names: ["web_search"], required: false })).toEqual([
      { mode: "none" },
      false,
    ]);
    expect(choose({ mode: "required" })).toEqual([{ mode: "required" }, false]);
    const alone = tools.slice(0, 1);
    expect(choose({ mode: "required" }, alone)).toEqual([undefined, true]);
    expect(choose({ mode: "auto" }, alone)).toEqual([{ mode: "none" }, false]);
  });
});

test("a choice of what never was a tool is left for the adapter to refuse", () => {
  const toolChoice = { mode: "named", name: "then" } as const;
  expect(told({ tools: [CLOSE], toolChoice }).prompt.toolChoice).toEqual(toolChoice);
});

describe("names that no backend takes", () => {
  test("are made fit, and mapped back", () => {
    const tools = ["files.read", "größe", "9lives", "x".repeat(80), ""].map((name) => functionTool(name));
    const { names, prompt } = told({ tools });
    for (const [i, { name }] of prompt.tools.entries()) {
      expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/);
      expect(names?.restore(called(name, "{}"))[0]).toMatchObject({ name: tools[i]?.name });
    }
    expect(prompt.tools.slice(0, 3).map(({ name }) => name)).toEqual(["files_read", "gr__e", "_9lives"]);
  });

  test("are told apart where they would be the same, and a name that fits stays what it is", () => {
    const tools = ["a.b", "a_b", "a/b"].map((name) => functionTool(name));
    const [first, second, third] = namesOf({ tools });
    expect(second).toBe("a_b");
    expect(new Set([first, second, third]).size).toBe(3);
    const long = ["x", "y"].map((end) => functionTool("n".repeat(70) + end));
    expect(new Set(namesOf({ tools: long })).size).toBe(2);
  });

  test("are the same in every turn, whatever stands beside them", () => {
    const long = functionTool("n".repeat(70));
    expect(namesOf({ tools: [functionTool("now"), long] })[1]).toBe(namesOf({ tools: [long] })[0] ?? "");
  });

  test("are made fit inside a namespace, too", () => {
    const tools = [functionTool("a.b", { namespace: "n" })];
    const { names, prompt } = told({ tools }, "namespaces");
    expect(prompt.tools).toMatchObject([{ name: "a_b", namespace: "n" }]);
    const start = { ...called("a_b", "{}")[0], namespace: "n" } as StreamEvent;
    expect(names?.restore([start])[0]).toMatchObject({ name: "a.b", namespace: "n" });
  });

  test("are the same for a function and a custom tool of one name: they are told apart", () => {
    const names = namesOf({ tools: [functionTool("run"), customTool("run")] });
    expect(names[0]).toBe("run");
    expect(new Set(names).size).toBe(2);
  });
});

test("a name that the model made up is handed on as it is, and events without calls are not even copied", () => {
  const { names } = told({ tools: [CLOSE] });
  const events = called("close_agent", "{}");
  expect(names?.restore(events)).toEqual(events);
  const text: StreamEvent[] = [{ type: "text", choice: 0, text: "a" }];
  expect(names?.restore(text)).toBe(text);
});

test("a custom call is held until it ends, but not without end", () => {
  const { names } = told({ tools: [PATCH] });
  const [start] = called("apply_patch", "");
  const json = "x".repeat(1024 * 1024);
  const piece: StreamEvent = { type: "tool-args", choice: 0, part: 3, call: 1, kind: "function", json };
  names?.restore(start ? [start] : []);
  const flood = () => {
    for (let i = 0; i < 20; i += 1) names?.restore([piece]);
  };
  expect(flood).toThrow("too long to be held");
});
