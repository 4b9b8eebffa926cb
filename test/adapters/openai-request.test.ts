import { describe, expect, test } from "bun:test";
import { PROFILES, type ProfileName } from "../../src/backends/profiles.ts";
import { chatTo, messages, written } from "./written.ts";

const ALL = Object.keys(PROFILES) as ProfileName[];
const usage = { stream_options: { include_usage: true } };
const tool = (name: string) => ({ type: "function", function: { name, parameters: {} } });
const tools = [tool("now"), tool("then"), { type: "custom", custom: { name: "shell" } }];
const named = { type: "function", function: { name: "then" } };

describe("a request keeps its bytes", () => {
  const body = `{
  "zeta" : [1.0, 1e3, "\\u00e4\\/", {"b":1,"a":{"cache_control":{"type":"ephemeral"}}}],
  "model":"fast",
  "messages":[ {"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]} ],
  "temperature":0.10, "odd_key":"k" }
`;

  test.each(ALL.filter((name) => !PROFILES[name].alwaysStream))(
    "%s: only the model's name differs",
    (profile) => {
      expect(written(body, { profile }).text).toBe(body.replace('"fast"', '"theirs"'));
    },
  );

  test.each<ProfileName>(["llamacpp", "dashscope"])(
    "%s: it is also asked to stream, whatever the client wants",
    (profile) => {
      const renamed = body.replace('"fast"', '"theirs"');
      const asked = renamed.replace('"k"', '"k","stream":true,"stream_options":{"include_usage":true}');
      expect(written(body, { profile }).text).toBe(asked);
    },
  );

  test("also a large one, whose inside is never read", () => {
    const large = body.replace('"hi"', `"${"\\u0041 ".repeat(20_000)}"`);
    expect(written(large, { profile: "vllm" }).text).toBe(large.replace('"fast"', '"theirs"'));
  });

  test("a model is added to a body without one, behind everything else", () => {
    expect(written('{"messages":[{"role":"user"}]}').text).toBe(
      '{"messages":[{"role":"user"}],"model":"theirs"}',
    );
  });

  test("a change of one field leaves the others where they are", () => {
    expect(
      written(body.replace('"temperature":0.10', '"stream":true, "tools":[]'), { profile: "vllm" }).text,
    ).toBe(
      body
        .replace('"fast"', '"theirs"')
        .replace('"temperature":0.10', '"stream":true')
        .replace('"odd_key":"k"', '"odd_key":"k","stream_options":{"include_usage":true}'),
    );
  });
});

describe("usage is asked for with every stream", () => {
  test("where it may be; what else stands in stream_options stays", () => {
    expect(chatTo("openai", { stream: true }).json).toMatchObject(usage);
    expect(chatTo("openai", { stream: true, stream_options: null }).json).toMatchObject(usage);
    const options = { include_obfuscation: false };
    expect(chatTo("openai", { stream: true, stream_options: options }).json.stream_options).toEqual({
      ...options,
      include_usage: true,
    });
    expect(chatTo("openai", { stream: true, stream_options: { include_usage: false } }).json).toMatchObject(
      usage,
    );
  });

  test("as it came, when the client asked itself", () => {
    const body =
      '{"model":"theirs","messages":[{"role":"user"}],"stream":true,"stream_options":{ "include_usage" : true }}';
    expect(written(body).text).toBe(body);
  });

  test.each([false, null, undefined])(
    "not without a stream, where OpenAI refuses it: stream %p",
    (stream) => {
      expect(chatTo("openai", { stream, ...usage }).json.stream_options).toBeUndefined();
    },
  );

  test("never of Mistral, which knows no stream_options", () => {
    expect(chatTo("mistral", { stream: true, ...usage })).toMatchObject({
      json: { stream: true },
      notes: [],
    });
    expect(chatTo("mistral", { stream: true, ...usage }).json.stream_options).toBeUndefined();
  });

  test("in completions too, and in embeddings there is none", () => {
    expect(written({ prompt: "a", stream: true }, { operation: "completions" }).json).toMatchObject(usage);
    expect(Object.keys(written({ input: "a" }, { operation: "embeddings" }).json)).toEqual([
      "input",
      "model",
    ]);
  });
});

describe("what hosts refuse though it says nothing", () => {
  test("nulls are left out, unknown ones are not ours to judge", () => {
    const nulls = {
      stream: null,
      tools: null,
      tool_choice: null,
      stop: null,
      max_tokens: null,
      response_format: null,
      seed: null,
      n: 1,
    };
    const { json, notes } = chatTo("vllm", { ...nulls, odd: null });
    expect(json).toEqual({ model: "theirs", messages, n: 1, odd: null });
    expect(notes).toEqual([]);
  });

  test("no tools, and then a choice among them", () => {
    const empty = { tools: [], tool_choice: "auto", parallel_tool_calls: true };
    expect(chatTo("openai", empty).json).toEqual({ model: "theirs", messages });
    expect(chatTo("openai", { tool_choice: "none", parallel_tool_calls: false }).json).toEqual({
      model: "theirs",
      messages,
    });
  });

  test.each(["max_tokens", "max_completion_tokens"])("%s -1, which means no limit", (name) => {
    for (const profile of ALL)
      expect(chatTo(profile, { [name]: -1, stream: false }).json).not.toHaveProperty(name);
    expect(chatTo("openai", { [name]: -1 }, { max_tokens: 100 }).json).toEqual({ model: "theirs", messages });
  });
});

describe("max_completion_tokens", () => {
  test.each<ProfileName>(["mistral", "deepseek"])(
    "is max_tokens for %s, which knows no other limit",
    (profile) => {
      const { json, notes } = chatTo(profile, { max_completion_tokens: 5 });
      expect(json).toEqual({ model: "theirs", messages, max_tokens: 5 });
      expect(notes).toEqual([]);
    },
  );

  test("wins over max_tokens where only one can be sent", () => {
    expect(chatTo("deepseek", { max_tokens: 9, max_completion_tokens: 5 }).json).toMatchObject({
      max_tokens: 5,
    });
  });

  test.each<ProfileName>(["openai", "vllm", "llamacpp", "lmstudio", "groq", "generic"])(
    "stays for %s",
    (profile) => {
      expect(chatTo(profile, { max_completion_tokens: 5 }).json).toMatchObject({ max_completion_tokens: 5 });
    },
  );
});

describe("the role developer", () => {
  const body = {
    messages: [
      { role: "developer", content: "be nice", name: "boss" },
      { role: "user", content: "hi" },
    ],
  };

  test.each(ALL.filter((name) => !PROFILES[name].developerRole))("is system for %s", (profile) => {
    expect(chatTo(profile, body).json.messages).toEqual([
      { role: "system", content: "be nice", name: "boss" },
      body.messages[1],
    ]);
  });

  test.each(ALL.filter((name) => PROFILES[name].developerRole && name !== "groq"))(
    "stays for %s",
    (profile) => {
      expect(chatTo(profile, body).json.messages).toEqual(body.messages);
    },
  );

  test("stays for Groq, which refuses the name", () => {
    const { json, notes } = chatTo("groq", body);
    expect(json.messages).toEqual([{ role: "developer", content: "be nice" }, body.messages[1]]);
    expect(notes).toEqual(["messages[0].name was dropped: this backend does not accept it"]);
  });

  test("is looked for among the roles: a mere word leaves the bytes alone", () => {
    const text = '{"model":"theirs","messages":[ {"role":"user","content":"developer","name":"developer"} ]}';
    expect(written(text, { profile: "vllm" }).text).toBe(text);
  });
});

describe("the other quirks", () => {
  test("llama.cpp calls one tool at a time unless told otherwise", () => {
    expect(chatTo("llamacpp", { tools }).json.parallel_tool_calls).toBe(true);
    expect(chatTo("llamacpp", { tools, parallel_tool_calls: null }).json.parallel_tool_calls).toBe(true);
    expect(chatTo("llamacpp", { tools, parallel_tool_calls: false }).json.parallel_tool_calls).toBe(false);
    expect(chatTo("llamacpp", {}).json.parallel_tool_calls).toBeUndefined();
    expect(chatTo("vllm", { tools }).json.parallel_tool_calls).toBeUndefined();
  });

  test("LM Studio refuses json_object: a schema of any object says the same", () => {
    const { json, notes } = chatTo("lmstudio", { response_format: { type: "json_object" } });
    expect(json.response_format).toMatchObject({
      type: "json_schema",
      json_schema: { schema: { type: "object" } },
    });
    expect(notes).toEqual([expect.stringContaining("json_object")]);
    const response_format = { type: "json_schema", json_schema: { name: "x", schema: {} } };
    expect(chatTo("lmstudio", { response_format })).toMatchObject({ json: { response_format }, notes: [] });
    expect(chatTo("openai", { response_format: { type: "json_object" } }).json.response_format).toEqual({
      type: "json_object",
    });
  });

  test("Mistral calls the seed random_seed", () => {
    const { json, notes } = chatTo("mistral", { seed: 1 });
    expect([json.random_seed, json.seed, notes]).toEqual([1, undefined, ["seed was sent as random_seed"]]);
  });

  test.each(ALL.filter((name) => PROFILES[name].drop.length > 0))(
    "%s gets no field that it refuses, and the client is told",
    (profile) => {
      const { drop } = PROFILES[profile];
      const { json, notes } = chatTo(profile, {
        tools,
        ...Object.fromEntries(drop.map((name) => [name, CHEAP[name] ?? "x"])),
      });
      for (const name of drop) expect(json).not.toHaveProperty(name);
      expect(notes).toEqual(drop.map((name) => `${name} was dropped: this backend does not accept it`));
      expect(chatTo(profile, Object.fromEntries(drop.map((name) => [name, null]))).notes).toEqual([]);
    },
  );

  const CHEAP: Record<string, unknown> = {
    logprobs: true,
    top_logprobs: 2,
    n: 2,
    parallel_tool_calls: false,
  };

  test("what says nothing new is left out without a word", () => {
    const { json, notes } = chatTo("cohere", { tools, parallel_tool_calls: true, n: 1, store: false });
    expect([json, notes]).toEqual([{ model: "theirs", messages, tools }, []]);
  });
});

describe("an alias' defaults", () => {
  test("fill what the client left out, and nothing else", () => {
    const defaults = { temperature: 0.2, top_k: 5, stop: ["x"] };
    expect(chatTo("openai", { temperature: 1, stop: null }, defaults).json).toEqual({
      model: "theirs",
      messages,
      temperature: 1,
      top_k: 5,
      stop: ["x"],
    });
  });

  test("do not choose another model", () => {
    expect(written({ messages }, { defaults: { model: "other" } }).json).toEqual({
      messages,
      model: "theirs",
    });
  });

  test("are no second limit beside the client's own, which OpenAI refuses", () => {
    expect(chatTo("openai", { max_completion_tokens: 5 }, { max_tokens: 100 }).json).toEqual({
      model: "theirs",
      messages,
      max_completion_tokens: 5,
    });
    expect(chatTo("openai", { max_tokens: 5 }, { max_completion_tokens: 100 }).json).toEqual({
      model: "theirs",
      messages,
      max_tokens: 5,
    });
  });

  test("are fitted to the host like the client's own fields", () => {
    expect(chatTo("deepseek", {}, { max_completion_tokens: 5 }).json).toEqual({
      model: "theirs",
      messages,
      max_tokens: 5,
    });
    expect(chatTo("mistral", {}, { seed: 1, user: "me" })).toMatchObject({
      json: { random_seed: 1 },
      notes: ["seed was sent as random_seed", expect.stringContaining("user was dropped")],
    });
    expect(chatTo("mistral", {}, { user: "me" }).json.user).toBeUndefined();
    expect(chatTo("lmstudio", {}, { response_format: { type: "json_object" } }).json).toMatchObject({
      response_format: { type: "json_schema" },
    });
    expect(chatTo("openai", {}, { tool_choice: "auto", parallel_tool_calls: false }).json).toEqual({
      model: "theirs",
      messages,
    });
    expect(chatTo("llamacpp", { tools }, { tool_choice: named }).json).toMatchObject({
      tools: [tool("then")],
      tool_choice: "required",
    });
    expect(
      chatTo("openai", { stream: true }, { stream_options: { include_obfuscation: false } }).json,
    ).toMatchObject({ stream_options: { include_obfuscation: false, include_usage: true } });
  });
});

describe("embeddings", () => {
  const embed = (profile: ProfileName, more: object) =>
    written({ model: "m", input: "hi", ...more }, { profile, operation: "embeddings" }).json;

  test.each(ALL.filter((name) => !PROFILES[name].base64Embeddings))(
    "are asked of %s as numbers, whatever the client wants",
    (profile) => {
      for (const encoding_format of ["base64", "float", null, undefined])
        expect(embed(profile, { encoding_format }).encoding_format).toBe("float");
    },
  );

  test.each(ALL.filter((name) => PROFILES[name].base64Embeddings))(
    "are asked of %s as the client wants them",
    (profile) => {
      expect(embed(profile, { encoding_format: "base64" }).encoding_format).toBe("base64");
      expect(embed(profile, {}).encoding_format).toBeUndefined();
      expect(embed(profile, { encoding_format: null, dimensions: 8 })).toEqual({
        model: "theirs",
        input: "hi",
        dimensions: 8,
      });
    },
  );

  test("of token numbers go as they came", () => {
    expect(embed("vllm", { input: [[1, 2], [3]] }).input).toEqual([[1, 2], [3]]);
  });
});
