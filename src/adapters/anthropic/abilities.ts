import type { Destination } from "../adapter.ts";

/** What a model accepts: Anthropic answers what it does not with 400, and each generation is different. */
export interface Abilities {
  /** `thinking.type`: the model decides how much to think. */
  adaptive: boolean;
  /** `thinking.type`: with a budget. */
  budget: boolean;
  /** `thinking.type`: may it be told not to think? */
  disabled: boolean;
  /** `thinking.type`: the least thinking of a model that cannot be told not to. */
  betweenTools: boolean;
  /** Words for `output_config.effort`. */
  efforts: readonly string[];
  /** `temperature`, `top_p` and `top_k`: all, one of the first two at a time, or none. */
  sampling: "all" | "one" | "none";
  /** May it be forced to call a tool? */
  forcedTools: boolean;
  /** `output_config.format` and strict tools. */
  schemas: boolean;
  /** Most tokens of one answer, where known. */
  maxOutput: number | undefined;
}

/** What the model list says of a model counts; where it says nothing, its name does. */
export function abilitiesOf({ model, info }: Destination): Abilities {
  const named = byName(model);
  const types = info?.thinking;
  return {
    ...named,
    ...(types
      ? {
          adaptive: types.includes("adaptive"),
          budget: types.includes("enabled"),
          disabled: types.includes("disabled"),
          betweenTools: types.includes("between_tools"),
        }
      : {}),
    efforts: info?.efforts ?? named.efforts,
    schemas: info?.capabilities?.json_schema ?? named.schemas,
    maxOutput: info?.maxOutputTokens ?? named.maxOutput,
  };
}

/** A host that copies this dialect, with models of its own: what Anthropic took from the beginning. */
const COPY: Abilities = {
  adaptive: false,
  budget: true,
  disabled: true,
  betweenTools: false,
  efforts: [],
  sampling: "all",
  forcedTools: true,
  // Named by another name it may be any model of Anthropic's behind a gateway; what it does not know it mostly ignores.
  schemas: true,
  maxOutput: undefined,
};

/** From Claude Opus 4.7 on. What comes after it is taken for the same. */
const NEWEST: Abilities = {
  adaptive: true,
  // Some still accept one, but say that it is deprecated.
  budget: false,
  disabled: true,
  betweenTools: false,
  efforts: ["low", "medium", "high", "xhigh", "max"],
  sampling: "none",
  forcedTools: true,
  schemas: true,
  maxOutput: 128_000,
};

/** `claude-3-5-haiku-20241022`, `claude-opus-4-1@20250805`, `anthropic/claude-sonnet-4.5`: family, generation, revision. */
const NAME = /claude-(?:(opus|sonnet|haiku|fable|mythos)-)?(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/;

function byName(model: string): Abilities {
  const [, family = "", generation, revision = "0"] = NAME.exec(model) ?? [];
  if (generation === undefined) return model.includes("claude") ? NEWEST : COPY;
  const version = Number(generation) * 100 + Number(revision);
  if (version < 407) return earlier(family, version);
  const always = family === "fable" || family === "mythos" || (version >= 505 && family !== "haiku");
  return {
    ...NEWEST,
    disabled: !always,
    betweenTools: family === "sonnet" && version >= 505,
    forcedTools: !always || (family === "fable" && version === 500),
  };
}

function earlier(family: string, version: number): Abilities {
  if (version >= 406)
    return { ...NEWEST, budget: true, efforts: ["low", "medium", "high", "max"], sampling: "one" };
  return {
    ...COPY,
    budget: version >= 307,
    efforts: family === "opus" && version === 405 ? ["low", "medium", "high"] : [],
    sampling: version >= 401 ? "one" : "all",
    schemas: version >= 401,
    maxOutput: outputOf(family, version),
  };
}

function outputOf(family: string, version: number): number {
  if (version >= 307) return family === "opus" && version < 405 ? 32_000 : 64_000;
  return version >= 305 ? 8192 : 4096;
}
