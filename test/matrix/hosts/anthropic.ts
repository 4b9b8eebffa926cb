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

/** A host of Anthropic's Messages, as strict as theirs. */
export const anthropic: Host = {
  name: "anthropic",
  type: "anthropic",
  model: "claude-sonnet-4-5",
  read,
  answer: answersWith(whole, streamed),
  error: (kind) =>
    kind === "limit"
      ? { status: 429, headers: { "retry-after": "7" }, body: error("rate_limit_error", "Too many.") }
      : {
          status: 400,
          body: error("invalid_request_error", "prompt is too long: 5000 tokens > 4096 maximum"),
        },
  memory: "state",
};

function error(type: string, message: string): string {
  return JSON.stringify({ type: "error", error: { type, message } });
}

function read(path: string, body: Record<string, unknown>): Asked {
  if (path !== "/v1/messages") throw new Error(`asked at ${path}`);
  if (typeof body.max_tokens !== "number") throw new Error("max_tokens: field required");
  const messages = list(body.messages);
  if (messages[0]?.role !== "user") throw new Error("the first message is not the user's");
  messages.forEach((message, i) => checkResults(message, messages[i + 1]));
  const system = blocksOf(body.system).map((block) => `system ${text(block.text)}`);
  const names = new Map<unknown, unknown>();
  const thinking = fields(body.thinking);
  const config = fields(body.output_config);
  const format = fields(config.format);
  return {
    lines: [...system, ...messages.flatMap((message) => readMessage(message, names))],
    tools: list(body.tools).map(({ name }) => text(name)),
    choice: readChoice(fields(body.tool_choice)),
    ...(format.type === "json_schema" && { schema: propertiesOf(format.schema) }),
    max: body.max_tokens,
    ...(body.stop_sequences !== undefined && { stop: body.stop_sequences as string[] }),
    ...(body.temperature !== undefined && { temperature: Number(body.temperature) }),
    ...((body.thinking !== undefined || config.effort !== undefined) && {
      think: thinking.type !== "disabled",
    }),
    stream: body.stream === true,
    fields: Object.keys(body),
  };
}

/** Every call needs its result in the very next message, before anything else in it. */
function checkResults({ content }: Record<string, unknown>, next: Record<string, unknown> | undefined): void {
  const called = blocksOf(content).filter(({ type }) => type === "tool_use");
  const first = blocksOf(next?.content).slice(0, called.length);
  const missing = called.some(({ id }) => !first.some((block) => block.tool_use_id === id));
  if (missing) throw new Error("tool_use without tool_result blocks immediately after");
}

function readChoice({ type, name }: Record<string, unknown>): Asked["choice"] {
  if (type === "tool") return `named ${text(name)}`;
  return type === "any" ? "required" : type === "none" ? "none" : "auto";
}

function blocksOf(content: unknown): Record<string, unknown>[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : list(content);
}

function readMessage({ role, content }: Record<string, unknown>, names: Map<unknown, unknown>): string[] {
  return blocksOf(content).map((block) => {
    switch (block.type) {
      case "text":
        if (block.text === "") throw new Error("text content blocks must be non-empty");
        return `${text(role)} ${text(block.text)}`;
      case "image": {
        const { media_type: mime, data } = fields(block.source);
        return `${text(role)} [${text(mime)} ${text(data)}]`;
      }
      case "thinking":
        return `assistant thinks ${text(block.thinking)} (${text(block.signature)})`;
      case "tool_use":
        if (!/^[\w-]+$/.test(text(block.id))) throw new Error(`${text(block.id)} is no id`);
        names.set(block.id, block.name);
        return callLine({ name: text(block.name), args: fields(block.input) });
      case "tool_result":
        if (!names.has(block.tool_use_id)) throw new Error("a result of an unknown call");
        return `${text(names.get(block.tool_use_id))} answers ${blocksOf(block.content)
          .map((part) => text(part.text))
          .join("")}`;
      default:
        throw new Error(`a block of type ${text(block.type)}`);
    }
  });
}

const REASONS = { stop: "end_turn", length: "max_tokens", tools: "tool_use", refusal: "refusal" } as const;

function endOf({ ends, stoppedBy }: Reply): object {
  return {
    stop_reason: stoppedBy === undefined ? REASONS[ends] : "stop_sequence",
    stop_sequence: stoppedBy ?? null,
  };
}

/** The blocks of an answer, each with what opens it and its pieces. */
function blocks(reply: Reply): { block: object; start: object; deltas: object[] }[] {
  const all: { block: object; start: object; deltas: object[] }[] = [];
  const { thought, state = "", calls = [] } = reply;
  if (thought) {
    all.push({
      block: { type: "thinking", thinking: thought, signature: state },
      start: { type: "thinking", thinking: "", signature: "" },
      deltas: [
        { type: "thinking_delta", thinking: thought },
        { type: "signature_delta", signature: state },
      ],
    });
  }
  const pieces = reply.text ?? (reply.refusal ? [reply.refusal] : []);
  if (pieces.length > 0) {
    all.push({
      block: { type: "text", text: pieces.join(""), citations: null },
      start: { type: "text", text: "" },
      deltas: pieces.map((piece) => ({ type: "text_delta", text: piece })),
    });
  }
  for (const { id, name, args } of calls) {
    const json = JSON.stringify(args);
    all.push({
      block: { type: "tool_use", id, name, input: args },
      start: { type: "tool_use", id, name, input: {} },
      deltas: ["", json.slice(0, 3), json.slice(3)].map((partial_json) => ({
        type: "input_json_delta",
        partial_json,
      })),
    });
  }
  return all;
}

function usageOf({ usage }: Reply): Record<string, number> {
  const { input, cached, output } = usage ?? { input: 5, cached: 0, output: 7 };
  return {
    input_tokens: input - cached,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: 0,
    output_tokens: output,
  };
}

const HEAD = { id: "msg_theirs", type: "message", role: "assistant", model: "theirs" };

function whole(reply: Reply): object {
  const content = blocks(reply).map(({ block }) => block);
  return { ...HEAD, content, ...endOf(reply), usage: usageOf(reply) };
}

function streamed(reply: Reply): string {
  const usage = { ...usageOf(reply), output_tokens: 1 };
  const message = { ...HEAD, content: [], stop_reason: null, stop_sequence: null, usage };
  const events: object[] = [{ type: "message_start", message }, { type: "ping" }];
  blocks(reply).forEach(({ start, deltas }, index) => {
    events.push({ type: "content_block_start", index, content_block: start });
    events.push(...deltas.map((delta) => ({ type: "content_block_delta", index, delta })));
    if (!reply.fault) events.push({ type: "content_block_stop", index });
  });
  if (reply.fault === "cut") return sse(events, true);
  if (reply.fault === "error") {
    const broken = { type: "api_error", message: "The engine broke." };
    return sse([...events, { type: "error", error: broken }], true);
  }
  const end = {
    type: "message_delta",
    delta: endOf(reply),
    usage: { output_tokens: usageOf(reply).output_tokens },
  };
  return sse([...events, end, { type: "message_stop" }], true);
}
