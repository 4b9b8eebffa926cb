import { describe, expect, test } from "bun:test";
import { fast, gpu, refuses } from "./mistakes.ts";
import { load, problem } from "./scratch.ts";

describe("a backend", () => {
  const types =
    "llamacpp, lmstudio, ollama, vllm, openai, azure, anthropic, gemini, openrouter, groq, mistral, deepseek, xai, together, fireworks, cerebras, moonshot, zai, minimax, dashscope, cohere, nvidia, sambanova, openai-compatible, openai-responses, echo";
  refuses([
    [
      '[backends.gpu]\ntype = "lamacpp"',
      2,
      "backends.gpu.type",
      'unknown backend type "lamacpp"',
      'did you mean "llamacpp"?',
    ],
    [
      '[backends.gpu]\ntype = "carrier pigeon"',
      2,
      "backends.gpu.type",
      "unknown backend type",
      `one of: ${types}`,
    ],
    [
      "\n[backends.gpu]",
      2,
      "backends.gpu.type",
      '"type" is missing',
      'What kind of server this is, such as "llamacpp" or "openai"; any other one is "openai-compatible".',
    ],
    [
      '[backends.x]\ntype = "openai-compatible"',
      1,
      "backends.x.url",
      "needs a url",
      'url = "http://127.0.0.1:8000"',
    ],
    [
      '[backends.x]\ntype = "openai-compatible"\nurl = "a:1"',
      3,
      "backends.x.url",
      "expected an http:// or https:// URL",
      'write "http://a:1"',
    ],
    [
      '[backends.x]\ntype = "openai-responses"',
      1,
      "backends.x.url",
      "needs a url",
      'url = "http://127.0.0.1:8000"',
    ],
    [
      '[backends.x]\ntype = "azure"',
      1,
      "backends.x.url",
      "needs a url",
      'url = "https://NAME.openai.azure.com"',
    ],
    [`${gpu}context_window = 0`, 3, "backends.gpu.context_window", "expected"],
    [
      `${gpu}think_tags = "true"`,
      3,
      "backends.gpu.think_tags",
      "expected true or false",
      "take the quotes away",
    ],
    [`${gpu}api_version = ""`, 3, "backends.gpu.api_version", "may not be empty"],
    [
      '[backends."a/b"]\ntype = "echo"',
      1,
      'backends."a/b"',
      '"a/b" cannot be a name here',
      "A backend's name is letters, digits, _ . and -.",
    ],
    [
      `${gpu}url = "127.0.0.1:8080"`,
      3,
      "backends.gpu.url",
      "expected an http:// or https:// URL",
      'write "http://127.0.0.1:8080"',
    ],
    [`${gpu}url = "ws://a"`, 3, "backends.gpu.url", "expected an http:// or https:// URL"],
    [`${gpu}url = "http://a b"`, 3, "backends.gpu.url", "expected an http:// or https:// URL"],
    [
      `${gpu}url = "http://u:p@a"`,
      3,
      "backends.gpu.url",
      "may not hold a user name",
      "use api_key, or headers",
    ],
    [`${gpu}url = "http://a/?k=1"`, 3, "backends.gpu.url", "may not hold a query", "use headers"],
    [`${gpu}url = "http://a/#k"`, 3, "backends.gpu.url", "a fragment", "use headers"],
    [
      `${gpu}url = "http://a"\n[backends.gpu.tls]\npin_sha256 = ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]`,
      4,
      "backends.gpu.tls",
      "of no use with an http:// URL",
      "use https://, or remove tls",
    ],
  ]);
});

describe("an alias", () => {
  refuses([
    [
      "[models.fast]",
      1,
      "models.fast.targets",
      '"targets" is missing',
      "Models that stand behind this name, in order of preference: backend/id, or an id alone.",
    ],
    ["[models.fast]\ntargets = []", 2, "models.fast.targets", "may not be empty"],
    [
      '[models.fast]\ntargets = "gpu/a"',
      2,
      "models.fast.targets",
      "expected a list of strings, found a string",
      "put it in brackets: [ ... ]",
    ],
    ['[models.fast]\ntargets = [\n"a",\n""]', 4, "models.fast.targets[1]", "may not be empty"],
    ['[models.fast]\ntargets = ["a", "a"]', 2, "models.fast.targets[1]", '"a" is named twice', "remove one"],
    [
      '[models.fast]\ntargets = ["fast"]',
      2,
      "models.fast.targets[0]",
      "is this entry itself",
      `name a backend's model: "BACKEND/fast"`,
    ],
    [
      `${fast}[models.b]\ntargets = ["fast"]`,
      4,
      "models.b.targets[0]",
      "is another entry of [models]",
      `name a backend's model: "BACKEND/fast"`,
    ],
    [
      `${gpu}[models."gpu/x"]\ntargets = ["y"]`,
      3,
      'models."gpu/x"',
      'hides a model of the backend "gpu"',
      'choose a name that does not start with "gpu/"',
    ],
    [
      '[models." x"]\ntargets = ["y"]',
      1,
      'models." x"',
      "cannot be a name here",
      "A model's name is one line, without space around it.",
    ],
    [
      `${fast}defaults = { stream = true }`,
      3,
      "models.fast.defaults.stream",
      "can have no default",
      "a client that did not ask for a stream cannot read one",
    ],
    [`${fast}defaults = { a = [1, nan] }`, 3, "models.fast.defaults.a[1]", "JSON has no nan"],
    [
      `${fast}defaults = { a = 1979-05-27 }`,
      3,
      "models.fast.defaults.a",
      "JSON has no dates",
      "put it in quotes",
    ],
    [`${fast}context_window = 0`, 3, "models.fast.context_window", "expected a whole number from 1, found 0"],
  ]);
});

describe("names that an object gives a meaning to are refused", () => {
  const hint = "choose another name";
  refuses([
    [
      '[backends.__proto__]\ntype = "echo"',
      1,
      "",
      '"__proto__" and "constructor" cannot be names here',
      hint,
    ],
    ['[backends.constructor]\ntype = "echo"', 1, "", "cannot be names here", hint],
    ['\n[models]\n"__proto__" = { targets = ["a"] }', 3, "", "cannot be names here", hint],
    [`${fast}defaults = { constructor = { prototype = 1 } }`, 3, "", "cannot be names here", hint],
  ]);

  test("a name that only resembles one is a name like any other", () => {
    const loaded = load(
      '[backends.toString]\ntype = "echo"\n[models.valueOf]\ntargets = ["hasOwnProperty/x"]',
    );
    expect(loaded).toMatchObject({
      config: {
        backends: [{ name: "toString" }],
        models: [{ name: "valueOf", targets: ["hasOwnProperty/x"] }],
      },
    });
  });

  test("a key of the schema is not found on Object.prototype", () => {
    expect(problem("toString = 1").message).toBe("unknown key");
    expect(problem(`${gpu}api_key = { toString = "X" }`).message).toBe("unknown key");
  });
});
