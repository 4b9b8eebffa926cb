import { chatPrompt } from "../api/chat/prompt.ts";
import type { Prompt } from "../core/prompt.ts";
import { readObject } from "../wire/json.ts";

/** An alias' `defaults`, under the names of OpenAI's chat. */
export type Defaults = Readonly<Record<string, unknown>>;

/**
 * The prompt with an alias' defaults where its client said nothing. Thinking is one wish: half of it from the client and
 * half from here would be nobody's. Throws `invalid_request` for defaults that no chat could have.
 */
export function withDefaults(prompt: Prompt, defaults: Defaults): Prompt {
  if (Object.keys(defaults).length === 0) return prompt;
  const wished = wishesOf(defaults);
  const said = { ...wished, ...saidIn(prompt) };
  return {
    ...said,
    tools: prompt.tools.length > 0 ? prompt.tools : wished.tools,
    sampling: { ...wished.sampling, ...saidIn(prompt.sampling) },
    format: prompt.format.type === "text" ? wished.format : prompt.format,
    reasoning: Object.keys(saidIn(prompt.reasoning)).length > 0 ? prompt.reasoning : wished.reasoning,
    ...carriedOf(prompt, wished),
    notes: [...prompt.notes, ...wished.notes],
  };
}

/** Defaults are the same for every request of an alias. */
const READ = new WeakMap<Defaults, Prompt>();

function wishesOf(defaults: Defaults): Prompt {
  let wished = READ.get(defaults);
  if (!wished) {
    const body = JSON.stringify({ ...defaults, messages: [] });
    READ.set(defaults, (wished = chatPrompt(readObject(new TextEncoder().encode(body)))));
  }
  return wished;
}

function saidIn<T extends object>(fields: T): T {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  // The same fields of the same types, but for those that say nothing.
  return Object.fromEntries(said) as T;
}

/** Fields that nobody here knows go together where they are of one dialect. */
function carriedOf({ carried }: Prompt, wished: Prompt): Pick<Prompt, "carried"> {
  if (!carried || !wished.carried) return carried ? { carried } : {};
  if (carried.dialect !== wished.carried.dialect) return { carried };
  return { carried: { ...carried, fields: { ...wished.carried.fields, ...carried.fields } } };
}
