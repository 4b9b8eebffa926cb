import { isRecord } from "../../core/json.ts";
import type { RawObject } from "../../core/request.ts";
import { type EchoAnswer, answer, type Choice, type ChunkPart } from "./answer.ts";
import { field, integer, invalid, stops, tokenLimit } from "./body.ts";
import { smallestInstance } from "./instance.ts";
import { forcedTool, type Tool } from "./tools.ts";
import { checkVolume, CONTEXT_LENGTH, countWords, JSON_WORDS, type Said, say } from "./words.ts";

/** OpenAI's own limit. */
const N_MAX = 128;

/**
 * Answers `POST /v1/chat/completions`. In this order: a call of the tool that `tool_choice` demands (also when the last
 * message is a tool's result), JSON for a `response_format`, else the last user message word by word.
 */
export function chat(body: RawObject): EchoAnswer {
  const messages = readMessages(field(body, "messages"));
  const prompt = countWords(messages.map((message) => message.text));
  const n = integer(body, "n", { min: 1, max: N_MAX }) ?? 1;
  // The current name wins over the old one.
  const limit = tokenLimit(body, "max_completion_tokens", tokenLimit(body, "max_tokens", Infinity));
  const max = Math.min(limit, CONTEXT_LENGTH - prompt);
  const turn = turnOf(body, lastText(messages), max);
  checkVolume([turn.said], n);
  const completion = turn.said.pieces.length * n;
  return answer(body, {
    prefix: "chatcmpl",
    object: { whole: "chat.completion", chunk: "chat.completion.chunk" },
    choices: Array.from({ length: n }, () => choice(turn)),
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  });
}

/** What is said: as the message's content, or as the input of a tool. */
interface Turn {
  said: Said;
  tool?: Tool;
}

function turnOf(body: RawObject, echo: string, max: number): Turn {
  const tool = forcedTool(body);
  if (tool?.kind === "custom") return { tool, said: say(echo, { stop: [], max }) };
  if (tool) return { tool, said: say(callArguments(tool), { stop: [], max }, JSON_WORDS) };
  const made = structured(field(body, "response_format"), echo);
  const stop = stops(body);
  return { said: made === undefined ? say(echo, { stop, max }) : say(made, { stop, max }, JSON_WORDS) };
}

function callArguments(tool: Tool): string {
  const made = smallestInstance(tool.parameters);
  return JSON.stringify(isRecord(made) ? made : {});
}

/** The JSON a `response_format` asks for; undefined for plain text. */
function structured(format: unknown, echo: string): string | undefined {
  if (format === undefined) return undefined;
  if (!isRecord(format)) throw invalid("'response_format' must be an object.", "response_format");
  const { type, json_schema, schema } = format;
  if (type === "text") return undefined;
  // llama.cpp's clients write the schema without a wrapper, and also under json_object.
  const wanted = isRecord(json_schema) ? (json_schema["schema"] ?? schema ?? { type: "object" }) : schema;
  if (type === "json_schema" && wanted === undefined)
    throw invalid(
      "'response_format' of type json_schema needs a 'json_schema'.",
      "response_format.json_schema",
    );
  if (type === "json_schema" || (type === "json_object" && wanted !== undefined))
    return JSON.stringify(smallestInstance(wanted));
  if (type === "json_object") return isJsonObject(echo) ? echo : "{}";
  throw invalid("'response_format.type' must be text, json_object or json_schema.", "response_format.type");
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

interface Message {
  role: string;
  text: string;
}

function readMessages(value: unknown): Message[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalid("'messages' must be a list of at least one message.", "messages");
  return value.map((message: unknown, i) => {
    if (!isRecord(message) || typeof message["role"] !== "string")
      throw invalid(`'messages[${i}]' must be an object with a role.`, `messages[${i}]`);
    return { role: message["role"], text: readText(message["content"] ?? "", `messages[${i}].content`) };
  });
}

const TEXT_PARTS: ReadonlySet<unknown> = new Set(["text", "input_text", "output_text"]);

/** The text of a message's content; images, sound and files say nothing here. */
function readText(content: unknown, param: string): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content) || !content.every(isRecord))
    throw invalid(`'${param}' must be a string or a list of parts.`, param);
  const parts = content.filter((part) => TEXT_PARTS.has(part["type"]));
  return parts.map((part) => (typeof part["text"] === "string" ? part["text"] : "")).join("");
}

/** The last user message; where nobody is a user, the last message that has a text. */
function lastText(messages: readonly Message[]): string {
  const last =
    messages.findLast((message) => message.role === "user") ??
    messages.findLast((message) => message.text !== "");
  return last?.text ?? "";
}

function choice(turn: Turn): Choice {
  const id = `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
  return { whole: () => wholeChoice(turn, id), parts: () => chunkParts(turn, id) };
}

function wholeChoice({ said, tool }: Turn, id: string): object {
  const text = said.pieces.join("");
  const message = tool
    ? { role: "assistant", content: null, refusal: null, tool_calls: [{ id, ...toolCall(tool, text) }] }
    : { role: "assistant", content: text, refusal: null };
  return { message, logprobs: null, finish_reason: finishReason(said, tool) };
}

function* chunkParts({ said, tool }: Turn, id: string): Generator<ChunkPart> {
  yield chunkPart({ role: "assistant", content: tool ? null : "", refusal: null });
  if (tool) yield chunkPart({ tool_calls: [{ index: 0, id, ...toolCall(tool, "") }] });
  for (const piece of said.pieces)
    yield chunkPart(tool ? { tool_calls: [{ index: 0, ...toolInput(tool, piece) }] } : { content: piece });
  yield chunkPart({}, finishReason(said, tool));
}

function chunkPart(delta: object, finish: string | null = null): ChunkPart {
  return { delta, logprobs: null, finish_reason: finish };
}

function toolCall({ kind, name }: Tool, input: string): object {
  return kind === "function"
    ? { type: kind, function: { name, arguments: input } }
    : { type: kind, custom: { name, input } };
}

function toolInput({ kind }: Tool, piece: string): object {
  return kind === "function" ? { function: { arguments: piece } } : { custom: { input: piece } };
}

/** A call cut by the token limit ends with `length`, as it would with any model. */
function finishReason(said: Said, tool: Tool | undefined): string {
  return tool && said.finish === "stop" ? "tool_calls" : said.finish;
}
