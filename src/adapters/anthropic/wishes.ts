import type { JsonRecord } from "../../core/json.ts";
import { dropped, emulated } from "../../core/note.ts";
import { noteUnknown } from "../client-fields.ts";
import { noteLosses } from "../losses.ts";
import type { Abilities } from "./abilities.ts";
import type { AskedOfModel } from "./asked.ts";
import type { Grammars } from "./grammars.ts";
import { BUDGET_MIN, type Thinking } from "./thinking.ts";

/** What the answer must look like: for `output_config.format`, or told to the model. */
export interface WrittenFormat {
  field?: JsonRecord;
  instruction?: string;
}

/** A schema that cannot be enforced is told to the model; so is the wish for any JSON object. */
export function writeFormat({ prompt, can, notes, named }: AskedOfModel, grammars: Grammars): WrittenFormat {
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
export function writeLimits({ prompt, can, notes, named }: AskedOfModel, thinking: Thinking): JsonRecord {
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
    // The client's limit is of thoughts and words together; Anthropic's least budget and some words must fit all the same.
    most = asked === undefined ? Math.min(limit, budget + most) : Math.max(most, 2 * BUDGET_MIN);
    if (asked !== undefined && most > asked)
      notes.push(emulated(name, `: ${most} was sent, the least that leaves room for thinking`));
    budget = Math.max(BUDGET_MIN, Math.min(budget, Math.floor(most / 2)));
    field = { ...field, budget_tokens: budget };
  }
  return { max_tokens: most, ...(field === undefined ? {} : { thinking: field }) };
}

/** Anthropic's limit, characters. */
const USER_MAX = 256;

/** What is said about a request rather than asked of the model. */
export function writeAbout(asked: AskedOfModel): JsonRecord {
  const { prompt, notes, named } = asked;
  const { user, serviceTier } = prompt;
  const fields: JsonRecord = {};
  const drop = (field: string, why: string) => notes.push(dropped(named(field), why));
  if (user !== undefined) {
    if (user.length <= USER_MAX) fields.metadata = { user_id: user };
    else drop("user", `: Anthropic takes no more than ${USER_MAX} characters`);
  }
  if (serviceTier !== undefined) {
    const tier = TIERS.get(serviceTier);
    if (tier !== undefined) fields.service_tier = tier;
    else drop("service_tier", ": Anthropic has no such tier");
  }
  noteLosses(asked, ["metadata", "verbosity", "suffix"], NO_FIELD);
  noteUnknown(prompt, NO_FIELD, notes);
  return fields;
}

const NO_FIELD = ": Anthropic has no such field";

/** OpenAI's words, and what they are called here. */
const TIERS: ReadonlyMap<string, string> = new Map([
  ["auto", "auto"],
  ["default", "standard_only"],
  ["standard_only", "standard_only"],
]);
