import { describe, expect, test } from "bun:test";
import type { ModelAlias } from "../../src/core/model.ts";
import { type Resolved, Resolver } from "../../src/pipeline/resolve.ts";
import { backend, lose, registry } from "./house.ts";

const alias = (name: string, targets: string[], parts: Partial<ModelAlias> = {}): ModelAlias => ({
  name,
  targets,
  defaults: {},
  contextWindow: undefined,
  ...parts,
});

interface House {
  backends: ReturnType<typeof backend>[];
  models?: ModelAlias[];
  defaultModel?: string;
}

function resolver({ backends, models = [], defaultModel }: House): Resolver {
  return new Resolver(registry(...backends), { defaultModel, models });
}

const named = ({ targets }: Resolved) => targets.map(({ backend: { name }, model }) => `${name}: ${model}`);

/** Two backends that have a model in common. */
const house = (parts: Omit<House, "backends"> = {}) =>
  resolver({ backends: [backend("gpu", ["qwen3-8b", "phi"]), backend("cloud", ["gpt-5", "phi"])], ...parts });

describe("a plain id", () => {
  test("means the first backend that has it; the others are its fallbacks", () => {
    expect(named(house().resolve("qwen3-8b"))).toEqual(["gpu: qwen3-8b"]);
    expect(named(house().resolve("phi"))).toEqual(["gpu: phi", "cloud: phi"]);
  });

  test("means a backend that is down only after those that are up", () => {
    const [gpu, cloud] = [backend("gpu", ["phi"]), backend("cloud", ["phi"])];
    lose(gpu);
    expect(named(resolver({ backends: [gpu, cloud] }).resolve("phi"))).toEqual(["cloud: phi", "gpu: phi"]);
  });

  test("of a backend that is down is still known, so that the caller is told why it fails", () => {
    const gpu = backend("gpu", ["phi"]);
    lose(gpu);
    expect(named(resolver({ backends: [gpu] }).resolve("phi"))).toEqual(["gpu: phi"]);
  });

  test.each(["org/name:tag", "a/b/c", "/phi", "phi/", "phi@2 q4"])("may hold what it likes: %s", (id) => {
    expect(named(resolver({ backends: [backend("gpu", [id])] }).resolve(id))).toEqual([`gpu: ${id}`]);
  });
});

describe("backend/id", () => {
  test("means that backend, also for what it does not list", () => {
    expect(named(house().resolve("cloud/phi"))).toEqual(["cloud: phi"]);
    expect(named(house().resolve("cloud/not-listed"))).toEqual(["cloud: not-listed"]);
  });

  test("leaves the slashes of the id alone", () => {
    expect(named(house().resolve("gpu/org/name:tag"))).toEqual(["gpu: org/name:tag"]);
  });

  test("wins over a plain id of another backend that reads the same", () => {
    const backends = [backend("gpu", ["openai/gpt-oss-20b"]), backend("openai", ["gpt-5"])];
    expect(named(resolver({ backends }).resolve("openai/gpt-oss-20b"))).toEqual(["openai: gpt-oss-20b"]);
    expect(named(resolver({ backends }).resolve("gpu/openai/gpt-oss-20b"))).toEqual([
      "gpu: openai/gpt-oss-20b",
    ]);
  });

  test("needs an id: the backend's name alone is no model", () => {
    expect(() => house().resolve("gpu/")).toThrow("does not exist");
    expect(() => house().resolve("gpu")).toThrow("does not exist");
  });
});

describe("an alias", () => {
  const fast = alias("fast", ["gpu/qwen3-8b", "phi"], { defaults: { temperature: 0.2 } });

  test("means its targets in order, plain ids all their backends, with its defaults", () => {
    const resolved = house({ models: [fast] }).resolve("fast");
    expect(named(resolved)).toEqual(["gpu: qwen3-8b", "gpu: phi", "cloud: phi"]);
    expect(resolved.defaults).toEqual({ temperature: 0.2 });
    expect(house({ models: [fast] }).resolve("phi").defaults).toEqual({});
  });

  test("hides a plain id of its name; qualified, that stays reachable", () => {
    const models = [alias("phi", ["cloud/gpt-5"])];
    expect(named(house({ models }).resolve("phi"))).toEqual(["cloud: gpt-5"]);
    expect(named(house({ models }).resolve("gpu/phi"))).toEqual(["gpu: phi"]);
  });

  test("skips targets that nobody has, and without any left names them", () => {
    expect(named(house({ models: [alias("a", ["gone", "gpt-5"])] }).resolve("a"))).toEqual(["cloud: gpt-5"]);
    const lost = house({ models: [alias("a", ["gone", "lost"])] });
    expect(() => lost.resolve("a")).toThrow(
      expect.objectContaining({ code: "model_not_found", message: expect.stringContaining("gone, lost") }),
    );
  });
});

describe("no name, and the name default", () => {
  test.each(["", "default"])("%j means the default model", (name) => {
    expect(named(house({ defaultModel: "gpt-5" }).resolve(name))).toEqual(["cloud: gpt-5"]);
    const models = [alias("fast", ["phi"])];
    expect(named(house({ defaultModel: "fast", models }).resolve(name))).toEqual(["gpu: phi", "cloud: phi"]);
  });

  test("without a default model: no name is the caller's mistake, default a name like any other", () => {
    expect(() => house().resolve("")).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: { param: "model" } }),
    );
    expect(() => house().resolve("default")).toThrow(expect.objectContaining({ code: "model_not_found" }));
    expect(named(house({ models: [alias("default", ["phi"])] }).resolve("default"))[0]).toBe("gpu: phi");
  });
});

describe("an unknown name", () => {
  test.each([
    ["qwen3", '"qwen3-8b"'],
    ["qwen-8b", '"qwen3-8b"'],
    ["QWEN3-8B-instruct", '"qwen3-8b"'],
    ["gtp-5", '"gpt-5"'],
    ["quick", '"quick-and-cheap"'],
  ])("%s: the error names what was meant", (name, meant) => {
    const models = [alias("quick-and-cheap", ["phi"])];
    expect(() => house({ models }).resolve(name)).toThrow(
      expect.objectContaining({
        code: "model_not_found",
        detail: { param: "model" },
        message: expect.stringContaining(meant),
      }),
    );
  });

  test("names three at the most, best first", () => {
    const ids = ["phi-4-mini-instruct", "phi-4-mini", "phi-4-mini-reasoning", "phi-4", "llama"];
    const many = resolver({ backends: [backend("gpu", ids)] });
    expect(() => many.resolve("phi-4-min")).toThrow(
      /Did you mean "phi-4-mini" or "phi-4" or "phi-4-mini-instruct"\?$/,
    );
  });

  test.each(["zzzz", "a", "", " ", "x".repeat(500)])(
    "%j: nothing is suggested where nothing comes near",
    (name) => {
      const known = house({ defaultModel: "gone" });
      expect(() => known.resolve(name)).toThrow(/does not exist\.$/);
    },
  );

  test("of any length among thousands is answered at once, and not repeated whole", () => {
    const ids = Array.from({ length: 5000 }, (_, i) => `vendor/some-model-with-a-long-name-${i}`);
    const crowded = resolver({ backends: [backend("cloud", ids)] });
    const began = performance.now();
    expect(() => crowded.resolve("y".repeat(128))).toThrow();
    expect(performance.now() - began).toBeLessThan(100);
    expect(() => crowded.resolve("y".repeat(10_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{200,300}$/) }),
    );
  });
});

describe("the list", () => {
  const ids = (of: Resolver) => of.list().map(({ id }) => id);

  test("has aliases first, then every model once: what an earlier name hides is listed qualified", () => {
    const models = [alias("fast", ["gpu/phi"]), alias("gpt-5", ["phi"])];
    expect(ids(house({ models }))).toEqual(["fast", "gpt-5", "qwen3-8b", "phi", "cloud/gpt-5", "cloud/phi"]);
  });

  test("never names a model by what means another one", () => {
    const backends = [backend("gpu", ["openai/gpt-oss-20b", "openai/gpt-5"]), backend("openai", ["gpt-5"])];
    const both = resolver({ backends });
    expect(ids(both)).toEqual(["gpu/openai/gpt-oss-20b", "gpu/openai/gpt-5", "gpt-5"]);
    for (const { id, backend: owner } of both.list())
      expect(both.resolve(id).targets[0]?.backend.name).toBe(owner ?? "");
  });

  test("leaves out what is down; one dead backend does not fail it", () => {
    const [gpu, cloud] = [backend("gpu", ["phi"]), backend("cloud", ["phi", "gpt-5"])];
    lose(gpu);
    expect(ids(resolver({ backends: [gpu, cloud, backend("new")] }))).toEqual(["phi", "gpt-5"]);
    expect(ids(resolver({ backends: [] }))).toEqual([]);
  });

  test("tells an alias' facts by its first target that is up, and its own context window before that one's", () => {
    const [gpu, cloud] = [
      backend("gpu", [{ id: "phi", created: 5, ownedBy: "me", contextLength: 4096 }]),
      backend("cloud", [{ id: "gpt-5", created: 6, ownedBy: "them", contextLength: 400_000 }]),
    ];
    const models = [
      alias("fast", ["gpu/phi", "gpt-5"]),
      alias("small", ["gpt-5"], { contextWindow: 2048 }),
      alias("none", ["gone"]),
    ];
    const three = resolver({ backends: [gpu, cloud], models });
    expect(three.list()[0]).toMatchObject({
      id: "fast",
      created: 5,
      ownedBy: "fairlead",
      contextLength: 4096,
      backend: "gpu",
    });
    lose(gpu);
    expect(three.list()[0]).toMatchObject({ created: 6, contextLength: 400_000, backend: "cloud" });
    expect(three.list()[1]).toMatchObject({ id: "small", contextLength: 2048, backend: "cloud" });
    expect(three.list()[2]).toEqual({ id: "none", created: 0, ownedBy: "fairlead", backend: undefined });
  });
});

describe("whether a model is known", () => {
  test("is what resolving would find, by any name", () => {
    const known = house({
      models: [alias("fast", ["nowhere", "phi"]), alias("lost", ["nowhere"])],
      defaultModel: "fast",
    });
    for (const name of ["phi", "gpu/not-listed", "fast", "default", ""]) expect(known.knows(name)).toBe(true);
    for (const name of ["zzz", "lost", "none/phi"]) {
      expect(known.knows(name)).toBe(false);
      expect(() => known.resolve(name)).toThrow();
    }
  });

  test("cannot be said of no model at all, where nothing says which one that would be", () => {
    expect(() => house().knows("")).toThrow("No model was asked for");
  });
});

describe("one model's description", () => {
  test("is found under every name it answers to, and bears that name", () => {
    const models = [alias("fast", ["phi"])];
    for (const name of ["phi", "gpu/phi", "cloud/phi", "fast"])
      expect(house({ models }).describe(name)).toMatchObject({
        id: name,
        backend: name === "cloud/phi" ? "cloud" : "gpu",
      });
  });

  test("is found under the name default, which any request may use", () => {
    expect(house({ defaultModel: "phi" }).describe("default")).toMatchObject({
      id: "default",
      backend: "gpu",
    });
  });

  test("is there while the backend is down, and not for what nobody lists", () => {
    const gpu = backend("gpu", ["phi"]);
    lose(gpu);
    expect(resolver({ backends: [gpu] }).describe("phi")).toMatchObject({ id: "phi" });
    for (const name of ["gpu/not-listed", "zzz"]) {
      expect(() => house().describe(name)).toThrow(`The model "${name}" does not exist.`);
    }
  });
});
