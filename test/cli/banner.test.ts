import { describe, expect, test } from "bun:test";
import { banner, clientUrl } from "../../src/cli/banner.ts";
import type { BannerFacts } from "../../src/cli/banner.ts";

const FACTS: BannerFacts = {
  version: "0.1.0",
  url: "http://127.0.0.1:7171",
  configFile: undefined,
  keyNeeded: false,
  backends: [
    { name: "llamacpp", type: "llamacpp", url: "http://127.0.0.1:8080", state: "connected", models: 1 },
    { name: "gpu", type: "vllm", url: "http://gpu.lan:8000", state: "loading", models: 0 },
    {
      name: "lm",
      type: "lmstudio",
      url: "http://127.0.0.1:1234",
      state: "disconnected",
      models: 0,
      error: "refused",
    },
  ],
  defaultModel: "fast",
  exampleModel: "qwen3-8b",
  endpoints: [{ method: "GET", path: "/api/version", description: "which version runs" }],
  warnings: ["the config file can be read by everybody"],
};

const plain = (facts: Partial<BannerFacts> = {}) => banner({ ...FACTS, ...facts }, false);

test("the banner tells a person all there is to know", () => {
  expect(plain()).toBe(`Fairlead 0.1.0  http://127.0.0.1:7171/v1
no config file, no key needed

Backends
  +  llamacpp  llamacpp  http://127.0.0.1:8080  1 model
  ~  gpu       vllm      http://gpu.lan:8000    loading
  -  lm        lmstudio  http://127.0.0.1:1234  disconnected: refused
  default model: fast

Custom endpoints
  GET  /api/version  which version runs

Try it
  curl http://127.0.0.1:7171/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"qwen3-8b","messages":[{"role":"user","content":"Hello"}]}'

Clients
  Python       OPENAI_BASE_URL=http://127.0.0.1:7171/v1 OPENAI_API_KEY=none python app.py
  JavaScript   new OpenAI({ baseURL: "http://127.0.0.1:7171/v1", apiKey: "none" })
  Open WebUI   OPENAI_API_BASE_URL=http://127.0.0.1:7171/v1 OPENAI_API_KEY=none open-webui serve
  Claude Code  ANTHROPIC_BASE_URL=http://127.0.0.1:7171 ANTHROPIC_AUTH_TOKEN=none ANTHROPIC_MODEL='qwen3-8b' claude

warning: the config file can be read by everybody
`);
});

test("a backend inside this process has no address", () => {
  const inside = { name: "e", type: "echo", url: undefined, state: "connected" as const, models: 1 };
  expect(plain({ backends: [inside] })).toContain("\n  +  e  echo  built in  1 model\n");
});

test("a warning's hint stands below it", () => {
  expect(plain({ warnings: ["config:4: a key\n  hint: chmod 600"] })).toEndWith(
    "\nwarning: config:4: a key\n  hint: chmod 600\n",
  );
});

test("colour changes how the banner looks and not what it says", () => {
  const coloured = banner(FACTS, true);
  expect(coloured).toContain("\u001b[");
  expect(Bun.stripANSI(coloured)).toBe(plain());
  expect(plain()).not.toContain("\u001b");
});

test("with nothing found it says what answers and what to do", () => {
  const text = plain({
    backends: [],
    endpoints: [],
    warnings: [],
    defaultModel: undefined,
    exampleModel: "echo",
  });
  expect(text).toContain("built-in model `echo`");
  expect(text).not.toContain("Custom endpoints");
  expect(text).not.toContain("default model");
  expect(text).not.toContain("warning");
});

test("a server with keys tells clients to send one, and shows none", () => {
  const text = plain({ keyNeeded: true, configFile: "/etc/fairlead/fairlead.toml" });
  expect(text).toContain("/etc/fairlead/fairlead.toml, clients need a key");
  expect(text).toContain('-H "Authorization: Bearer $FAIRLEAD_API_KEY"');
  expect(text).toContain('OPENAI_API_KEY="$FAIRLEAD_API_KEY" python');
  expect(text).toContain("apiKey: process.env.FAIRLEAD_API_KEY");
});

test("the curl line means what it shows, whatever the model is called", async () => {
  const name = `o'hara's "model" $HOME \`id\` \\ 7b`;
  const line =
    plain({ exampleModel: name })
      .split("\n")
      .find((text) => text.startsWith("  curl ")) ?? "";
  const shell = Bun.spawn(["sh", "-c", `curl() { printf '%s\\n' "$@"; }; ${line}`], { stdout: "pipe" });
  const words = (await shell.stdout.text()).trimEnd().split("\n");
  expect(words[0]).toBe("http://127.0.0.1:7171/v1/chat/completions");
  expect(JSON.parse(words.at(-1) ?? "")).toHaveProperty("model", name);
});

test("names from outside cannot send orders to the terminal, and a URL keeps its password", () => {
  const evil = "x\u001b[2J\ny";
  const [first = FACTS.backends[0]] = FACTS.backends;
  if (first === undefined) throw new Error("no backend");
  const backend = { ...first, name: evil, type: evil, error: evil, state: "disconnected" as const };
  const text = plain({
    backends: [{ ...backend, url: "http://user:canary-4711@gpu.lan/x?key=canary-4711" }],
    defaultModel: evil,
    exampleModel: evil,
    configFile: evil,
    endpoints: [{ method: "GET", path: evil, description: evil }],
    warnings: [evil],
  });
  expect(text).not.toContain("\u001b");
  expect(text.split("\n").filter((line) => line.startsWith("y"))).toEqual([]);
  expect(text).not.toContain("canary-4711");
  expect(text).toContain("http://gpu.lan/x");
});

describe("the address for clients", () => {
  test.each([
    ["127.0.0.1", "http://127.0.0.1:7171"],
    ["0.0.0.0", "http://127.0.0.1:7171"],
    ["::", "http://127.0.0.1:7171"],
    ["::1", "http://[::1]:7171"],
    ["192.168.1.5", "http://192.168.1.5:7171"],
    ["GPU.lan", "http://gpu.lan:7171"],
  ])("bound to %s it is %s", (host, url) => {
    expect(clientUrl(host, 7171)).toBe(url);
  });
});
