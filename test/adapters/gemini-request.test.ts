import { describe, expect, test } from "bun:test";
import { gemini } from "../../src/adapters/gemini.ts";
import { PLAIN_PROFILE } from "../../src/adapters/profile.ts";
import type { FunctionTool, Prompt, ReasoningWish, ToolChoice } from "../../src/core/prompt.ts";
import { asked, embedded, user } from "./gemini-asked.ts";

const config = (more: Partial<Prompt>, options: Parameters<typeof asked>[1] = {}) => {
  const { json, notes, sentences } = asked(more, { model: "gemini-2.0-flash", ...options });
  return { config: json.generationConfig as Record<string, unknown> | undefined, notes, sentences };
};

describe("where a request goes", () => {
  test.each([
    ["gemini-2.5-flash", false, "/v1beta/models/gemini-2.5-flash:generateContent"],
    ["models/gemini-2.5-flash", true, "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"],
    ["tunedModels/mine-1", false, "/v1beta/tunedModels/mine-1:generateContent"],
    ["a/b?c:d", false, "/v1beta/models/a%2Fb%3Fc%3Ad:generateContent"],
  ])("%s, stream %p: %s", (model, stream, path) => {
    expect(asked({}, { model, stream }).path).toBe(path);
  });

  test("the key is a header, never part of the address", () => {
    expect(gemini.auth("k", PLAIN_PROFILE)).toEqual({ "x-goog-api-key": "k" });
    expect(gemini.modelsPath(PLAIN_PROFILE)).toBe("/v1beta/models?pageSize=1000");
  });
});

describe("a form of the answer beside tools", () => {
  const tools: FunctionTool[] = [{ type: "function", name: "tide", at: "tools[0]" }];
  const format = { type: "json", schema: { type: "object" } } as const;

  test("is told in words to models that refuse the two together", () => {
    const { json, notes } = asked({ tools, format }, { model: "gemini-2.5-flash" });
    expect(JSON.stringify(json.systemInstruction)).toContain("JSON Schema");
    expect(json.generationConfig ?? {}).not.toHaveProperty("responseMimeType");
    expect(notes).toEqual(["emulated:response_format"]);
  });

  test("is asked of those that take both, and where no tool may be called", () => {
    for (const { json } of [
      asked({ tools, format }, { model: "gemini-3-pro" }),
      asked({ tools, format, toolChoice: { mode: "none" } }, { model: "gemini-2.5-flash" }),
    ]) {
      expect(json).toMatchObject({ generationConfig: { responseMimeType: "application/json" } });
      expect(json).not.toHaveProperty("systemInstruction");
    }
  });
});

describe("how the words are chosen", () => {
  test("is said in Gemini's own names", () => {
    const sampling = {
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      n: 2,
      seed: 7,
      stop: ["END", ""],
      frequencyPenalty: 0.5,
      presencePenalty: 0,
      logprobs: true,
      topLogprobs: 3,
    };
    expect(config({ sampling, maxOutput: 100 })).toEqual({
      config: {
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        candidateCount: 2,
        seed: 7,
        stopSequences: ["END"],
        frequencyPenalty: 0.5,
        presencePenalty: 0,
        responseLogprobs: true,
        logprobs: 3,
        maxOutputTokens: 100,
      },
      notes: [],
      sentences: [],
    });
  });

  test("is said not at all where the client says nothing, or what is usual", () => {
    expect(config({ sampling: { n: 1, stop: [] }, maxOutput: -1 })).toEqual({
      config: undefined,
      notes: [],
      sentences: [],
    });
  });

  test("is cut to Gemini's limits, with a note for each", () => {
    const sampling = {
      stop: ["1", "2", "3", "4", "5", "6"],
      seed: 2 ** 32 + 5,
      logprobs: true,
      topLogprobs: 50,
    };
    const { config: sent, notes } = config(
      { sampling, maxOutput: 64_000 },
      { info: { maxOutputTokens: 8192 }, dialect: "ollama" },
    );
    expect(sent).toEqual({
      stopSequences: ["1", "2", "3", "4", "5"],
      seed: 5,
      responseLogprobs: true,
      logprobs: 20,
      maxOutputTokens: 8192,
    });
    expect(notes).toEqual([
      "emulated:options.num_predict",
      "dropped:options.stop[5]",
      "emulated:options.seed",
      "dropped:top_logprobs",
    ]);
  });

  test("has no penalties for Gemini 2.5, which refuses them", () => {
    const sampling = { frequencyPenalty: 1, presencePenalty: 0 };
    const { config: sent, notes } = config({ sampling }, { model: "gemini-2.5-flash" });
    expect(sent).toEqual({ thinkingConfig: { includeThoughts: true } });
    expect(notes).toEqual(["dropped:frequency_penalty"]);
  });

  test("names by the client's own word what Gemini has no field for", () => {
    const more: Partial<Prompt> = {
      user: "u",
      metadata: { a: 1 },
      verbosity: "low",
      sampling: { logitBias: { 1: 2 }, minP: 0.1, repeatPenalty: 1.1 },
      carried: { dialect: "anthropic", fields: { container: "c", prompt_cache_key: "k" } },
      serviceTier: "scale",
    };
    expect(asked(more, { dialect: "anthropic" }).notes).toEqual([
      "dropped:metadata.user_id",
      "dropped:metadata",
      "dropped:verbosity",
      "dropped:logit_bias",
      "dropped:min_p",
      "dropped:repeat_penalty",
      "dropped:container",
      "dropped:service_tier",
    ]);
  });

  test.each([
    ["auto", undefined],
    ["default", "standard"],
    ["flex", "flex"],
    ["priority", "priority"],
  ])("a service tier %s is %p", (serviceTier, own) => {
    const { json, notes } = asked({ serviceTier });
    expect([json.serviceTier, notes]).toEqual([own, []]);
  });

  test("of a text completion is that of a turn, which is noted", () => {
    const { json, notes } = asked({ completion: true, suffix: "}", items: [user("function f() {")] });
    expect(json.contents).toEqual([{ role: "user", parts: [{ text: "function f() {" }] }]);
    expect(notes).toEqual(["emulated:prompt", "dropped:suffix"]);
  });
});

describe("thinking", () => {
  const think = (wish: ReasoningWish, model: string, info = {}) => {
    const { config: sent, notes } = config({ reasoning: wish }, { model, info });
    return [sent?.thinkingConfig, notes.map((note) => note.split(":")[0])];
  };
  const shown = { includeThoughts: true };

  test.each<[ReasoningWish, object, string[]]>([
    [{}, shown, []],
    [{ enabled: true }, { thinkingBudget: -1, ...shown }, []],
    [{ effort: "low" }, { thinkingBudget: 1024, ...shown }, []],
    [{ effort: "medium" }, { thinkingBudget: 8192, ...shown }, []],
    [{ effort: "high" }, { thinkingBudget: 24_576, ...shown }, []],
    [{ effort: "max" }, { thinkingBudget: 24_576, ...shown }, []],
    [{ budget: 2000, summary: "omitted" }, { thinkingBudget: 2000 }, []],
    [{ budget: 50_000 }, { thinkingBudget: 24_576, ...shown }, ["emulated"]],
    [{ effort: "none" }, { thinkingBudget: 0 }, []],
    [{ enabled: false }, { thinkingBudget: 0 }, []],
    [{ effort: "odd" }, shown, ["dropped"]],
  ])("of Gemini 2.5 is counted in tokens: %j", (wish, sent, notes) => {
    expect(think(wish, "gemini-2.5-flash")).toEqual([sent, notes]);
  });

  test.each<[ReasoningWish, string, object, string[]]>([
    [{}, "gemini-3-flash-preview", shown, []],
    [{ enabled: true }, "gemini-3-flash-preview", shown, []],
    [{ effort: "minimal" }, "gemini-3-flash-preview", { thinkingLevel: "minimal", ...shown }, []],
    [{ effort: "minimal" }, "gemini-3.1-pro-preview", { thinkingLevel: "low", ...shown }, ["emulated"]],
    [{ effort: "medium" }, "gemini-3.1-pro-preview", { thinkingLevel: "medium", ...shown }, []],
    [{ effort: "medium" }, "gemini-3-pro-preview", { thinkingLevel: "high", ...shown }, ["emulated"]],
    [{ effort: "xhigh" }, "gemini-3-flash-preview", { thinkingLevel: "high", ...shown }, ["emulated"]],
    [{ budget: 2048 }, "gemini-3-flash-preview", { thinkingLevel: "low", ...shown }, ["emulated"]],
    [{ budget: 9000, effort: "high" }, "gemini-3-flash-preview", { thinkingLevel: "high", ...shown }, []],
    [{ enabled: false }, "gemini-3-flash-preview", { thinkingLevel: "minimal" }, ["emulated"]],
    [{ effort: "none" }, "gemini-flash-latest", { thinkingLevel: "low" }, ["emulated"]],
  ])("of Gemini 3 has levels: %j of %s", (wish, model, sent, notes) => {
    expect(think(wish, model)).toEqual([sent, notes]);
  });

  test("of Gemini 2.5 Pro cannot be switched off", () => {
    expect(think({ enabled: false }, "gemini-2.5-pro")).toEqual([{ thinkingBudget: 128 }, ["emulated"]]);
  });

  test("of a model that does not think is asked of none, with a note if the client wanted it", () => {
    expect(think({}, "gemini-2.0-flash")).toEqual([undefined, []]);
    expect(think({ effort: "none" }, "gemini-2.0-flash")).toEqual([undefined, []]);
    expect(think({ effort: "high" }, "gemma-3-27b-it")).toEqual([undefined, ["dropped"]]);
    expect(think({ enabled: true }, "gemini-2.5-flash-image")).toEqual([undefined, ["dropped"]]);
    const says = (reasoning: boolean) => ({ capabilities: { reasoning } });
    expect(think({ effort: "low" }, "gemini-2.5-flash", says(false))).toEqual([undefined, ["dropped"]]);
    expect(think({ effort: "low" }, "gemini-2.0-flash-thinking-exp", says(true))).toEqual([
      shown,
      ["dropped"],
    ]);
  });
});

describe("structured output", () => {
  const schema = {
    type: "object",
    properties: { n: { type: ["integer", "null"], exclusiveMinimum: 0 } },
    additionalProperties: false,
  };

  test("of any form is JSON", () => {
    expect(config({ format: { type: "json" } }).config).toEqual({ responseMimeType: "application/json" });
  });

  test("of a schema is sent as JSON Schema to models that know it", () => {
    const sent = config(
      { format: { type: "json", schema, description: "A count." } },
      { model: "gemini-3-pro" },
    );
    expect(sent.config).toMatchObject({
      responseMimeType: "application/json",
      responseJsonSchema: {
        type: "object",
        description: "A count.",
        properties: { n: { type: ["integer", "null"], minimum: 1 } },
        additionalProperties: false,
      },
    });
    expect(sent.notes).toEqual([]);
  });

  test("of a schema is sent in Gemini's own words to older ones, and what they lack is noted", () => {
    const format = {
      type: "json",
      schema: { ...schema, properties: { n: { type: "number", multipleOf: 2 } } },
    } as const;
    const sent = config({ format }, { dialect: "openai-responses" });
    expect(sent.config?.responseSchema).toEqual({
      type: "object",
      properties: { n: { type: "number", description: "multipleOf: 2" } },
    });
    expect(sent.sentences).toEqual([
      "text.format was emulated: in words, for Gemini's schemas cannot say it: multipleOf",
    ]);
  });
});

describe("tools", () => {
  const tool = (name: string, more: Partial<FunctionTool> = {}): FunctionTool => ({
    type: "function",
    name,
    at: "tools[0]",
    ...more,
  });
  const tools = [
    tool("now", { description: "The time." }),
    tool("add", { parameters: { properties: { a: { type: "integer" } } } }),
  ];
  const chosen = (
    toolChoice: ToolChoice | undefined,
    more: Partial<Prompt> = {},
    model = "gemini-2.5-flash",
  ) => asked({ tools, ...(toolChoice ? { toolChoice } : {}), ...more }, { model });

  test("are declared with a schema only if they take arguments", () => {
    expect(chosen(undefined).json).toMatchObject({
      tools: [
        {
          functionDeclarations: [
            { name: "now", description: "The time." },
            { name: "add", parameters: { type: "object", properties: { a: { type: "integer" } } } },
          ],
        },
      ],
    });
    const none = chosen(undefined, {
      tools: [tool("f", { parameters: { type: "object", properties: {} } })],
    });
    expect(none.json.tools).toEqual([{ functionDeclarations: [{ name: "f" }] }]);
    expect(none.json.toolConfig).toBeUndefined();
  });

  test.each<[ToolChoice, object]>([
    [{ mode: "auto" }, { mode: "AUTO" }],
    [{ mode: "none" }, { mode: "NONE" }],
    [{ mode: "required" }, { mode: "ANY" }],
    [
      { mode: "named", name: "add" },
      { mode: "ANY", allowedFunctionNames: ["add"] },
    ],
    [{ mode: "allowed", names: ["add"], required: true }, { mode: "ANY" }],
  ])("are chosen as the client says: %j", (choice, functionCallingConfig) => {
    expect(chosen(choice).json.toolConfig).toEqual({ functionCallingConfig });
  });

  test("that are not allowed are not shown; a choice of none that exists is an error", () => {
    const { json } = chosen({ mode: "allowed", names: ["add"], required: false });
    expect(json.tools).toEqual([{ functionDeclarations: [expect.objectContaining({ name: "add" })] }]);
    expect(() => chosen({ mode: "named", name: "gone" })).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param: "tool_choice" } }),
    );
  });

  test("whose arguments must be right are validated, where the model can", () => {
    const strict = { tools: [tool("f", { strict: true })] };
    expect(chosen(undefined, strict).json.toolConfig).toEqual({
      functionCallingConfig: { mode: "VALIDATED" },
    });
    const older = chosen(undefined, strict, "gemini-2.0-flash");
    expect([older.json.toolConfig, older.notes]).toEqual([undefined, ["dropped:tools[0].strict"]]);
  });

  test("of other kinds, and the wish for one at a time, are dropped with a note", () => {
    const odd: Prompt["tools"] = [
      { type: "custom", name: "sh", at: "tools[1]" },
      { type: "hosted", name: "web_search", dialect: "openai-responses", value: {}, at: "tools[2]" },
    ];
    const { json, notes } = asked(
      { tools: [...tools, ...odd], parallelTools: false },
      { dialect: "anthropic" },
    );
    expect((json.tools as { functionDeclarations: unknown[] }[])[0]?.functionDeclarations).toHaveLength(2);
    expect(notes).toEqual([
      "dropped:tools[1]",
      "dropped:tools[2]",
      "dropped:tool_choice.disable_parallel_tool_use",
    ]);
    expect(asked({ parallelTools: false, toolChoice: { mode: "auto" } }).json.toolConfig).toBeUndefined();
  });

  test("name what their schemas lost", () => {
    const node = {
      type: "object",
      properties: { next: { $ref: "#/$defs/node" }, id: { type: "string", format: "uuid" } },
    };
    const parameters = { $ref: "#/$defs/node", $defs: { node } };
    const { sentences } = asked({ tools: [tool("f", { parameters })] });
    expect(sentences).toEqual([
      "tools[0] was emulated: in words, for Gemini's schemas cannot say it: format",
      "tools[0] was dropped in part, for Gemini's schemas cannot say it: $ref",
    ]);
  });
});

describe("embeddings", () => {
  test("are asked for in one request, each text with the model and its size", () => {
    const { path, json } = embedded({ inputs: ["a", "b"], dimensions: 64 }, "models/gemini-embedding-001");
    expect(path).toBe("/v1beta/models/gemini-embedding-001:batchEmbedContents");
    expect(json).toEqual({
      requests: ["a", "b"].map((words) => ({
        model: "models/gemini-embedding-001",
        content: { parts: [{ text: words }] },
        outputDimensionality: 64,
      })),
    });
  });

  test("of tokens, which only their own model understands, are refused", () => {
    expect(() => embedded({ inputs: [[1, 2]] })).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param: "input" } }),
    );
  });

  test("name what Gemini has no field for", () => {
    expect(embedded({ inputs: ["a"], user: "u", truncate: false }).notes).toEqual([
      "dropped:user",
      "dropped:truncate",
    ]);
  });
});
