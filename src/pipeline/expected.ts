import { choiceOf } from "../api/chat/tools.ts";
import { formatOf } from "../api/chat/wishes.ts";
import type { Dialect } from "../core/dialect.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import type { Prompt } from "../core/prompt.ts";
import type { RawObject, TextRequest } from "../core/request.ts";

/** What a client asked for that only the answer can show, each with the client's own field. */
export interface Expected {
  /** JSON, of this schema. */
  format?: { field: string; schema: JsonRecord | undefined };
  /** A tool call; of one of these tools, if any are named. */
  call?: { field: string; names: readonly string[] | undefined };
  /** No more than one tool call in a turn. */
  single?: { field: string };
  /** This many answers. */
  choices?: { field: string; count: number };
}

/**
 * Undefined: nothing. Reads no more of the body than it must: most requests ask for nothing of the kind, and a backend of
 * the client's own dialect gets them unread. What it cannot read it leaves to the backend.
 */
export function expectedOf(request: TextRequest, backendDialect: Dialect): Expected | undefined {
  const { dialect, body } = request;
  if (!FIELDS[dialect].some((name) => isSaid(body, name))) return undefined;
  try {
    const asked = dialect === "openai" && backendDialect === dialect ? ownFields(body) : request.prompt();
    return expectedIn(asked, dialect);
  } catch {
    return undefined;
  }
}

/** Fields that such a wish stands in. */
const FIELDS: Readonly<Record<Dialect, readonly string[]>> = {
  openai: ["response_format", "tool_choice", "n", "parallel_tool_calls"],
  "openai-responses": ["text", "tool_choice", "parallel_tool_calls"],
  anthropic: ["output_config", "output_format", "tool_choice"],
  gemini: [],
  ollama: ["format"],
};

const FORMAT_FIELD: Readonly<Record<Dialect, string>> = {
  openai: "response_format",
  "openai-responses": "text.format",
  anthropic: "output_config.format",
  gemini: "generationConfig",
  ollama: "format",
};

const SINGLE_FIELD: Readonly<Record<Dialect, string>> = {
  openai: "parallel_tool_calls",
  "openai-responses": "parallel_tool_calls",
  anthropic: "tool_choice.disable_parallel_tool_use",
  gemini: "parallel_tool_calls",
  ollama: "parallel_tool_calls",
};

function isSaid(body: RawObject, name: string): boolean {
  if (!body.has(name)) return false;
  const value = body.value(name);
  if (name === "parallel_tool_calls") return value === false;
  if (!isRecord(value)) return typeof value === "number" ? value > 1 : isWish(value);
  if (value.disable_parallel_tool_use === true) return true;
  // These two hold other things, too.
  if (name === "text" || name === "output_config") return isRecord(value.format) && isWish(value.format.type);
  return isWish(value.type);
}

function isWish(word: unknown): boolean {
  return word !== null && word !== "" && word !== "auto" && word !== "none" && word !== "text";
}

type Wishes = Pick<Prompt, "format" | "toolChoice" | "parallelTools"> & {
  tools: readonly unknown[];
  sampling: Prompt["sampling"];
};

/** Of a chat, without reading the conversation. */
function ownFields(body: RawObject): Wishes {
  const [format, choice, count, parallel] = FIELDS.openai.map((name) => body.value(name));
  const toolChoice = choiceOf({ tool_choice: choice }, []);
  const tools = toolChoice.toolChoice ? body.value("tools") : undefined;
  return {
    format: formatOf({ response_format: format }, []),
    ...toolChoice,
    tools: Array.isArray(tools) ? tools : [],
    sampling: typeof count === "number" ? { n: count } : {},
    ...(parallel === false ? { parallelTools: false } : {}),
  };
}

function expectedIn(wishes: Wishes, dialect: Dialect): Expected | undefined {
  const { format, toolChoice, tools, sampling, parallelTools } = wishes;
  const expected: Expected = {};
  if (parallelTools === false) expected.single = { field: SINGLE_FIELD[dialect] };
  if (format.type === "json") expected.format = { field: FORMAT_FIELD[dialect], schema: format.schema };
  if (tools.length > 0) {
    const call = { field: "tool_choice" };
    if (toolChoice?.mode === "required") expected.call = { ...call, names: undefined };
    else if (toolChoice?.mode === "named") expected.call = { ...call, names: [toolChoice.name] };
    else if (toolChoice?.mode === "allowed" && toolChoice.required)
      expected.call = { ...call, names: toolChoice.names };
  }
  if (sampling.n !== undefined && sampling.n > 1) expected.choices = { field: "n", count: sampling.n };
  return Object.keys(expected).length > 0 ? expected : undefined;
}
