import { describe, expect, test } from "bun:test";
import { plan } from "../../src/backends/discovery.ts";
import type { Environment } from "../../src/core/environment.ts";
import type { BackendConfig } from "../../src/config/config.ts";
import { backendTable, configWith } from "./scene/config.ts";

/** The places of a plan, one line each, without the usual ports and the built-in model. */
function named(environment: Environment, parts: Parameters<typeof configWith>[0] = {}): string[] {
  return plan(configWith({ discovery: false, ...parts }), environment)
    .places.filter((place) => place.url !== undefined)
    .map(({ origin, name, preset, url, recognise }) =>
      [origin, name, preset.name, url, recognise ? "recognised" : "taken at its word"].join(" "),
    );
}

/** The usual ports that are looked at. */
function ports(environment: Environment, parts: Parameters<typeof configWith>[0] = {}): string[] {
  const { places } = plan(configWith(parts), environment);
  return places
    .filter((place) => place.origin === "discovered" && place.url)
    .map((place) => new URL(place.url ?? "").port);
}

const gpu = (url: string): BackendConfig => backendTable("gpu", "llamacpp", { url });

describe("the environment names backends", () => {
  test.each<[Environment, string[]]>([
    [{}, []],
    [{ OLLAMA_URL: "" }, []],
    [{ OLLAMA_URL: "http://gpu:11434/" }, ["environment ollama ollama http://gpu:11434 recognised"]],
    [{ OLLAMA_HOST: "0.0.0.0" }, ["environment ollama ollama http://127.0.0.1:11434 recognised"]],
    [{ OLLAMA_HOST: "other", OLLAMA_URL: "gpu:1" }, ["environment ollama ollama http://gpu:1 recognised"]],
    [
      { LLAMACPP_URL: " localhost:9000/v1 " },
      ["environment llamacpp llamacpp http://localhost:9000 recognised"],
    ],
    [
      { VLLM_URL: "http://a:1", LMSTUDIO_URL: "http://b:2" },
      ["environment lmstudio lmstudio http://b:2 recognised", "environment vllm vllm http://a:1 recognised"],
    ],
    [{ OPENAI_API_KEY: "k" }, ["environment openai openai https://api.openai.com taken at its word"]],
    [
      { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "https://api.openai.com/v1" },
      ["environment openai openai https://api.openai.com taken at its word"],
    ],
    [
      { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "https://gw.example/v1" },
      ["environment openai openai-compatible https://gw.example recognised"],
    ],
    [
      { OPENAI_BASE_URL: "http://localhost:5000/v1" },
      ["environment openai openai-compatible http://localhost:5000 recognised"],
    ],
    [
      { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "https://gw.example" },
      ["environment anthropic anthropic https://gw.example taken at its word"],
    ],
    [
      { AZURE_OPENAI_API_KEY: "k", AZURE_OPENAI_ENDPOINT: "https://we.openai.azure.com/" },
      ["environment azure azure https://we.openai.azure.com taken at its word"],
    ],
    [
      { GROQ_API_KEY: "k", MISTRAL_API_KEY: "k" },
      [
        "environment groq groq https://api.groq.com/openai taken at its word",
        "environment mistral mistral https://api.mistral.ai taken at its word",
      ],
    ],
    [{ LLAMA_API_KEY: "k", VLLM_API_KEY: "k" }, []],
    [
      { LLAMACPP_URL: "http://127.0.0.1:8080", VLLM_URL: "http://localhost:8080" },
      ["environment llamacpp llamacpp http://127.0.0.1:8080 recognised"],
    ],
  ])("%j", (environment, expected) => {
    expect(named(environment)).toEqual(expected);
  });

  test.each(["OPENAI", "OPENROUTER", "GROQ", "MISTRAL", "DEEPSEEK", "XAI", "TOGETHER", "FIREWORKS"])(
    "by the key alone: %s",
    (host) => {
      const { places } = plan(configWith({ discovery: false }), { [`${host}_API_KEY`]: "the-key" });
      expect(places[0]).toMatchObject({ name: host.toLowerCase(), origin: "environment", key: "the-key" });
    },
  );

  test("also with discovery off: somebody wrote it down", () => {
    expect(ports({ OLLAMA_URL: "http://gpu:1" }, { discovery: false })).toEqual([]);
    expect(named({ OLLAMA_URL: "http://gpu:1" }, { discovery: false })).toHaveLength(1);
  });

  test("and an address that is none is reported, not guessed at", () => {
    const { places, problems } = plan(configWith({ discovery: false }), {
      VLLM_URL: "ftp://x",
      OPENAI_BASE_URL: "a b",
      OPENAI_API_KEY: "k",
    });
    expect(problems).toEqual([
      "VLLM_URL is not an http or https address.",
      "OPENAI_BASE_URL is not an http or https address.",
    ]);
    expect(places.map((place) => place.name)).toEqual(["echo"]);
  });
});

describe("one place is one backend", () => {
  test.each<[string, Environment]>([
    ["http://127.0.0.1:11434", { OLLAMA_URL: "http://localhost:11434/v1" }],
    ["http://localhost:11434", { OLLAMA_HOST: "127.0.0.1" }],
    ["https://api.openai.com", { OPENAI_API_KEY: "k" }],
  ])("what is configured at %s is not found again by %j", (url, environment) => {
    expect(named(environment, { backends: [gpu(url)] })).toEqual([
      `config gpu llamacpp ${url} taken at its word`,
    ]);
  });

  test.each([
    "http://localhost:8080",
    "http://127.0.0.1:8080",
    "http://[::1]:8080",
    "http://127.0.0.1:8080/proxy",
  ])("the port of the configured %s is not looked at", (url) => {
    expect(ports({}, { backends: [gpu(url)] })).toEqual(["1234", "11434", "8000"]);
  });

  test("another machine's port of the same number is another place", () => {
    expect(ports({}, { backends: [gpu("http://192.168.1.9:8080")] })).toEqual([
      "8080",
      "1234",
      "11434",
      "8000",
    ]);
  });

  test("an address in the environment wins over the engine's usual port", () => {
    expect(ports({ OLLAMA_URL: "http://gpu:11434", LMSTUDIO_URL: "http://localhost:8000" })).toEqual([
      "8080",
    ]);
  });

  test("two accounts of one host may both be configured", () => {
    const backends = [
      backendTable("work", "openai", { apiKey: "a" }),
      backendTable("home", "openai", { apiKey: "b" }),
    ];
    expect(named({ OPENAI_API_KEY: "c" }, { backends })).toHaveLength(2);
  });

  test("a name that is taken gets a number", () => {
    const backends = [backendTable("openai", "llamacpp", { url: "http://a:1" })];
    expect(named({ OPENAI_API_KEY: "k" }, { backends })[1]).toStartWith("environment openai-2 openai ");
  });
});

describe("this program is not its own backend", () => {
  test("on a usual port", () => {
    expect(ports({}, { port: 8080 })).toEqual(["1234", "11434", "8000"]);
  });

  test("when the environment points clients at it", () => {
    expect(named({ OPENAI_BASE_URL: "http://localhost:7171/v1", OPENAI_API_KEY: "for-fairlead" })).toEqual(
      [],
    );
  });

  test("and an Ollama on its own port is found although its clients are pointed here", () => {
    expect(ports({ OLLAMA_HOST: "http://127.0.0.1:7171" })).toContain("11434");
  });

  test("nor when the configuration leaves the address to that environment", () => {
    const backends = [backendTable("cloud", "openai", { apiKey: "k" })];
    expect(named({ OPENAI_BASE_URL: "http://127.0.0.1:7171/v1" }, { backends })).toEqual([
      "config cloud openai https://api.openai.com taken at its word",
    ]);
  });
});

describe("what the configuration leaves out", () => {
  test("comes from the environment, then from the preset", () => {
    const backends = [backendTable("a", "ollama"), backendTable("b", "groq"), backendTable("c", "llamacpp")];
    const { places } = plan(configWith({ backends, discovery: false }), {
      OLLAMA_URL: "http://gpu:9",
      GROQ_API_KEY: "groq-key",
    });
    expect(places.map(({ name, url, key }) => [name, url, key])).toEqual([
      ["a", "http://gpu:9", undefined],
      ["b", "https://api.groq.com/openai", "groq-key"],
      ["c", "http://127.0.0.1:8080", undefined],
    ]);
  });

  test("is a problem where nobody can know it", () => {
    const { places, problems } = plan(
      configWith({ backends: [backendTable("x", "openai-compatible")], discovery: false }),
      {},
    );
    expect(places).toEqual([]);
    expect(problems).toEqual(['The backend "x" has no http or https address.']);
  });
});

test("no key goes to whoever listens on a usual port", () => {
  const { places } = plan(configWith(), { LLAMA_API_KEY: "a", LM_API_TOKEN: "b", VLLM_API_KEY: "c" });
  expect(places.map((place) => place.key)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});
