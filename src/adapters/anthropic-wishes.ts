import type { JsonRecord } from "../core/json.ts";
import { dropped, emulated } from "../core/note.ts";
import type { Asked } from "./anthropic-asked.ts";
import type { Abilities } from "./anthropic-models.ts";
import type { Grammars } from "./anthropic-schema.ts";
import type { Thinking } from "./anthropic-thinking.ts";
import { noteUnknown } from "./client-fields.ts";

/** What the answer must look like: for `output_config.format`, or told to the model. */
export interface WrittenFormat {
  field?: JsonRecord;
  instruction?: string;
}

/** A schema that cannot be enforced is told to the model; so is the wish for any JSON object. */
export function writeFormat({ prompt, can, notes, named }: Asked, grammars: Grammars): WrittenFormat {
  const { format } = prompt;
  if (format.type === "text") return {};
  const name = named("response_format");
  const { schema } = format;
  if (schema === undefined) {
    notes.push(emulated(name, ": the model was told to answer with a JSON object"));
    return { instruction: `Answer with one JSON object. ${NOTHING_ELSE}` };
  }
  const enforced = can.schemas ? grammars.format(schema) : undefined;
  if (!enforced) {
    notes.push(emulated(name, ": the model was told the schema, which is not enforced"));
    return {
      instruction: `Answer with JSON that matches this JSON Schema. ${NOTHING_ELSE}\n${JSON.stringify(schema)}`,
    };
  }
  const { described } = enforced;
  if (described.length > 0)
    notes.push(emulated(name, `: ${described.join(", ")} is told to the model, and not enforced`));
  return { field: { type: "json_schema", schema: enforced.schema } };
}

const NOTHING_ELSE = "Write nothing before or after it, and no Markdown fence around it.";

/** Where neither the client nor the model says how long an answer may be: what every model of this dialect can write. */
const OUTPUT_USUAL = 4096;
/** Asked for where nobody says anything and the model could write more: enough for any answer, and no surprise in price. */
const OUTPUT_AMPLE = 32_000;

/** For a request that does not say how long its answer may be, which Anthropic wants to know. */
export function usualOutput({ maxOutput }: Abilities): number {
  return maxOutput === undefined ? OUTPUT_USUAL : Math.min(OUTPUT_AMPLE, maxOutput);
}

/** `max_tokens`, which must be there, and `thinking`, whose budget must fit into it. */
export function writeLimits({ prompt, can, notes, named }: Asked, thinking: Thinking): JsonRecord {
  const name = named("max_tokens");
  const limit = can.maxOutput ?? Number.POSITIVE_INFINITY;
  const asked = prompt.maxOutput !== undefined && prompt.maxOutput > 0 ? prompt.maxOutput : undefined;
  let most = asked ?? usualOutput(can);
  if (most > limit) {
    notes.push(emulated(name, `: this model writes no more than ${limit} tokens`));
    most = limit;
  }
  let { field, budget } = thinking;
  if (budget !== undefined && budget >= most) {
    most = Math.min(limit, budget + most);
    if (asked !== undefined) notes.push(emulated(name, `: ${most} was sent, to have room for thinking`));
    budget = Math.min(budget, most - 1);
    field = { ...field, budget_tokens: budget };
  }
  return { max_tokens: most, ...(field === undefined ? {} : { thinking: field }) };
}

/** Anthropic's limit, characters. */
const USER_MAX = 256;

/** What is said about a request rather than asked of the model. */
export function writeCarried({ prompt, notes, named }: Asked): JsonRecord {
  const { user, metadata, serviceTier, verbosity, suffix } = prompt;
  const fields: JsonRecord = {};
  const drop = (field: string, why: string) => notes.push(dropped(named(field), why));
  if (user !== undefined) {
    if (user.length <= USER_MAX) fields.metadata = { user_id: user };
    else drop("user", `: Anthropic takes no more than ${USER_MAX} characters`);
  }
  if (metadata !== undefined) drop("metadata", ": Anthropic keeps none");
  if (serviceTier !== undefined) {
    const tier = TIERS[serviceTier];
    if (tier !== undefined) fields.service_tier = tier;
    else drop("service_tier", ": Anthropic has no such tier");
  }
  if (verbosity !== undefined && verbosity !== "medium") drop("verbosity", ": Anthropic has no such field");
  if (suffix !== undefined && suffix !== "") drop("suffix", ": Anthropic's models do not fill in");
  noteUnknown(prompt, ": Anthropic has no such field", notes);
  return fields;
}

/** OpenAI's words, and what they are called here. */
const TIERS: Readonly<Record<string, string>> = {
  auto: "auto",
  default: "standard_only",
  standard_only: "standard_only",
};
