import {
  type Call,
  type Client,
  fields,
  frames,
  list,
  type Question,
  readsWith,
  type Seen,
  text,
  type Turn,
} from "../scene.ts";

/** A client of Anthropic's Messages. */
export const messages: Client = {
  name: "messages",
  write: (question, model) => ({
    path: "/v1/messages",
    headers: { "anthropic-version": "2023-06-01" },
    body: write(question, model),
  }),
  read: readsWith(readWhole, readStream),
  lacks: {},
  mute: {},
};

function write(question: Question, model: string): object {
  const { system, turns, tools, choice, schema, max, stop, temperature, think, stream, unknown } = question;
  return {
    model,
    max_tokens: max ?? 4000,
    ...(system !== undefined && { system }),
    messages: turns.map(writeTurn),
    ...(tools && {
      tools: tools.map(({ name, description, schema: input_schema }) => ({
        name,
        description,
        input_schema,
      })),
    }),
    ...(choice && { tool_choice: writeChoice(choice) }),
    ...(schema && { output_config: { format: { type: "json_schema", schema } } }),
    ...(stop && { stop_sequences: stop }),
    ...(temperature !== undefined && { temperature }),
    ...(think && { thinking: { type: "enabled", budget_tokens: 2000 } }),
    ...(stream && { stream }),
    ...(unknown && { [unknown.name]: unknown.value }),
  };
}

function writeChoice(choice: NonNullable<Question["choice"]>): object {
  if (typeof choice !== "string") return { type: "tool", name: choice.name };
  return { type: choice === "required" ? "any" : choice };
}

function writeTurn(turn: Turn): object {
  if ("user" in turn) {
    if (!turn.image) return { role: "user", content: turn.user };
    const { mime: media_type, base64: data } = turn.image;
    const image = { type: "image", source: { type: "base64", media_type, data } };
    return { role: "user", content: [image, { type: "text", text: turn.user }] };
  }
  if ("assistant" in turn) return { role: "assistant", content: turn.assistant };
  if ("given" in turn) return { role: "assistant", content: turn.given };
  if ("results" in turn) {
    const content = turn.results.map(({ id, text: said }) => ({
      type: "tool_result",
      tool_use_id: id,
      content: said,
    }));
    return { role: "user", content };
  }
  const content = turn.calls.map(({ id, name, args: input }) => ({ type: "tool_use", id, name, input }));
  return { role: "assistant", content };
}

const ENDS: Record<string, string> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  tool_use: "tools",
};

function readWhole(body: Record<string, unknown>): Seen {
  const blocks = list(body.content);
  const reason = text(body.stop_reason);
  const usage = fields(body.usage);
  const cached = Number(usage.cache_read_input_tokens ?? 0);
  const input = Number(usage.input_tokens) + cached + Number(usage.cache_creation_input_tokens ?? 0);
  return {
    text: blocks.map((block) => (block.type === "text" ? text(block.text) : "")).join(""),
    thought: blocks.map((block) => (block.type === "thinking" ? text(block.thinking) : "")).join(""),
    calls: blocks.flatMap((block) => (block.type === "tool_use" ? [callOf(block)] : [])),
    ends: ENDS[reason] ?? reason,
    ...(usage.output_tokens === undefined
      ? {}
      : { usage: { input, output: Number(usage.output_tokens), cached } }),
    ...(body.type === "error" ? { error: text(fields(body.error).message) } : {}),
    whole: reason !== "",
    given: blocks,
  };
}

function callOf({ id, name, input }: Record<string, unknown>): Call {
  return { id: text(id), name: text(name), args: fields(input) };
}

/** The events as one message: blocks are numbered without a gap and one is closed before the next is opened. */
function readStream(body: string): Seen {
  let message: Record<string, unknown> = {};
  const blocks: Record<string, unknown>[] = [];
  const json: string[] = [];
  let open = false;
  let stopped = false;
  let error: unknown;
  for (const { event, data } of frames(body)) {
    if (event !== data.type) throw new Error(`the event "${event}" holds "${String(data.type)}"`);
    const index = Number(data.index);
    if (data.type === "message_start") message = fields(data.message);
    else if (data.type === "content_block_start") {
      if (open || index !== blocks.length) throw new Error(`block ${index} opens out of turn`);
      open = true;
      blocks.push({ ...fields(data.content_block) });
    } else if (data.type === "content_block_delta") addDelta(blocks[index] ?? {}, json, fields(data.delta));
    else if (data.type === "content_block_stop") {
      open = false;
      const block = blocks[index];
      if (block?.type === "tool_use") block.input = JSON.parse(json.splice(0).join("") || "{}");
    } else if (data.type === "message_delta") {
      message = {
        ...message,
        ...fields(data.delta),
        usage: { ...fields(message.usage), ...fields(data.usage) },
      };
    } else if (data.type === "message_stop") stopped = true;
    else if (data.type === "error") error = data.error;
  }
  const seen = readWhole({ ...message, content: blocks });
  return {
    ...seen,
    whole: stopped && seen.whole,
    ...(error === undefined ? {} : { error: text(fields(error).message) }),
  };
}

function addDelta(block: Record<string, unknown>, json: string[], delta: Record<string, unknown>): void {
  if (delta.type === "text_delta") block.text = text(block.text) + text(delta.text);
  else if (delta.type === "thinking_delta") block.thinking = text(block.thinking) + text(delta.thinking);
  else if (delta.type === "signature_delta") block.signature = delta.signature;
  else if (delta.type === "input_json_delta") json.push(text(delta.partial_json));
}
