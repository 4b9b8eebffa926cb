import {
  answersWith,
  type Asked,
  callLine,
  fields,
  type Host,
  list,
  propertiesOf,
  type Reply,
  sse,
  text,
} from "../scene.ts";

/** A host of OpenAI's Chat Completions and nothing else. */
export const openai: Host = {
  name: "openai",
  type: "openai-compatible",
  model: "theirs",
  read,
  answer: answersWith(whole, streamed),
  error: (kind) =>
    kind === "limit"
      ? {
          status: 429,
          headers: { "retry-after": "7" },
          body: error("Too many.", "rate_limit_error", "rate_limit_exceeded"),
        }
      : {
          status: 400,
          body: error(
            "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
            "invalid_request_error",
            "context_length_exceeded",
          ),
        },
  memory: "text",
};

function error(message: string, type: string, code: string): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}

function read(path: string, body: Record<string, unknown>): Asked {
  if (path !== "/v1/chat/completions") throw new Error(`asked at ${path}`);
  const names = new Map<unknown, unknown>();
  const lines = list(body.messages).flatMap((message) => readMessage(message, names));
  const format = fields(body.response_format);
  const max = body.max_completion_tokens ?? body.max_tokens;
  return {
    lines,
    tools: list(body.tools).map((tool) => text(fields(tool.function).name)),
    choice: readChoice(body.tool_choice),
    ...(format.type === "json_schema" && { schema: propertiesOf(fields(format.json_schema).schema) }),
    ...(max !== undefined && { max: Number(max) }),
    ...(body.stop !== undefined && { stop: [body.stop].flat() as string[] }),
    ...(body.temperature !== undefined && { temperature: Number(body.temperature) }),
    ...(body.reasoning_effort !== undefined && { think: body.reasoning_effort !== "none" }),
    stream: body.stream === true,
    fields: Object.keys(body),
  };
}

function readChoice(choice: unknown): Asked["choice"] {
  if (choice === "none" || choice === "required") return choice;
  const name = fields(fields(choice).function).name;
  return name === undefined ? "auto" : `named ${text(name)}`;
}

function readMessage(message: Record<string, unknown>, names: Map<unknown, unknown>): string[] {
  const { role, content, tool_calls: calls, tool_call_id: id } = message;
  if (role === "tool") {
    if (!names.has(id)) throw new Error(`an answer to the unknown call ${text(id)}`);
    return [`${text(names.get(id))} answers ${wordsIn(content).join("")}`];
  }
  const who = role === "developer" ? "system" : text(role);
  const lines = wordsIn(content).map((words) => `${who} ${words}`);
  if (message.reasoning_content) lines.unshift(`assistant thinks ${text(message.reasoning_content)}`);
  for (const call of list(calls)) {
    const { name, arguments: args } = fields(call.function);
    names.set(call.id, name);
    lines.push(callLine({ name: text(name), args: fields(JSON.parse(text(args))) }));
  }
  return lines;
}

function wordsIn(content: unknown): string[] {
  if (typeof content === "string") return content === "" ? [] : [content];
  return list(content).map((part) => {
    if (part.type !== "image_url") return text(part.text);
    const url = text(fields(part.image_url).url);
    const [, mime, base64] = /^data:(.*);base64,(.*)$/.exec(url) ?? [];
    return `[${mime} ${base64}]`;
  });
}

const REASONS = { stop: "stop", length: "length", tools: "tool_calls", refusal: "stop" } as const;

function usageOf({ usage }: Reply): object {
  if (!usage) return {};
  const { input, cached, output } = usage;
  return {
    usage: {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cached },
    },
  };
}

function callsOf({ calls = [] }: Reply): object[] {
  return calls.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
}

const HEAD = { id: "chatcmpl-1", created: 1790000000, model: "theirs" };

function whole(reply: Reply): object {
  const message = {
    role: "assistant",
    content: reply.text?.join("") ?? null,
    refusal: reply.refusal ?? null,
    ...(reply.thought && { reasoning_content: reply.thought }),
    ...(reply.calls && { tool_calls: callsOf(reply) }),
  };
  const choice = { index: 0, message, finish_reason: REASONS[reply.ends] };
  return { ...HEAD, object: "chat.completion", choices: [choice], ...usageOf(reply) };
}

function streamed(reply: Reply): string {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...HEAD,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  const chunks: object[] = [chunk({ role: "assistant", content: "" })];
  if (reply.thought) chunks.push(chunk({ reasoning_content: reply.thought }));
  for (const content of reply.text ?? []) chunks.push(chunk({ content }));
  if (reply.refusal) chunks.push(chunk({ refusal: reply.refusal }));
  (reply.calls ?? []).forEach(({ id, name, args }, index) => {
    const json = JSON.stringify(args);
    const piece = (more: string) => chunk({ tool_calls: [{ index, function: { arguments: more } }] });
    const call = { index, id, type: "function", function: { name, arguments: "" } };
    chunks.push(chunk({ tool_calls: [call] }), piece(json.slice(0, 3)), piece(json.slice(3)));
  });
  if (reply.fault === "cut") return sse(chunks);
  if (reply.fault === "error") {
    return sse([...chunks, { error: { message: "The engine broke.", type: "server_error", code: null } }]);
  }
  chunks.push(chunk({}, REASONS[reply.ends]));
  if (reply.usage) chunks.push({ ...HEAD, object: "chat.completion.chunk", choices: [], ...usageOf(reply) });
  return `${sse(chunks)}data: [DONE]\n\n`;
}
