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

/** A client of OpenAI's Chat Completions. */
export const chat: Client = {
  name: "chat",
  write: (question, model) => ({ path: "/v1/chat/completions", body: write(question, model) }),
  read: readsWith(readWhole, readStream),
  lacks: {},
  mute: { stop: "chat does not say which stop sequence it was" },
};

function write(question: Question, model: string): object {
  const { system, turns, tools, choice, schema, max, stop, temperature, think, stream, unknown } = question;
  const messages = turns.flatMap(writeTurn);
  return {
    model,
    messages: system === undefined ? messages : [{ role: "system", content: system }, ...messages],
    ...(tools && {
      tools: tools.map(({ name, description, schema: parameters }) => ({
        type: "function",
        function: { name, description, parameters },
      })),
    }),
    ...(choice && {
      tool_choice: typeof choice === "string" ? choice : { type: "function", function: choice },
    }),
    ...(schema && {
      response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
    }),
    ...(max && { max_completion_tokens: max }),
    ...(stop && { stop }),
    ...(temperature !== undefined && { temperature }),
    ...(think && { reasoning_effort: "medium" }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
    ...(unknown && { [unknown.name]: unknown.value }),
  };
}

function writeTurn(turn: Turn): unknown[] {
  if ("user" in turn) {
    if (!turn.image) return [{ role: "user", content: turn.user }];
    const url = `data:${turn.image.mime};base64,${turn.image.base64}`;
    const content = [
      { type: "image_url", image_url: { url } },
      { type: "text", text: turn.user },
    ];
    return [{ role: "user", content }];
  }
  if ("assistant" in turn) return [{ role: "assistant", content: turn.assistant }];
  if ("given" in turn) return [turn.given];
  if ("results" in turn) {
    return turn.results.map(({ id, text: content }) => ({ role: "tool", tool_call_id: id, content }));
  }
  const tool_calls = turn.calls.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  return [{ role: "assistant", content: null, tool_calls }];
}

const ENDS: Record<string, string> = { tool_calls: "tools", content_filter: "refusal" };

function readWhole(body: Record<string, unknown>): Seen {
  const choice = list(body.choices)[0] ?? {};
  const message = fields(choice.message);
  const reason = text(choice.finish_reason);
  return {
    text: text(message.content) + text(message.refusal),
    thought: text(message.reasoning_content),
    calls: list(message.tool_calls).map(callOf),
    ends: message.refusal ? "refusal" : (ENDS[reason] ?? reason),
    ...usageOf(body.usage),
    ...(body.error === undefined ? {} : { error: text(fields(body.error).message) }),
    whole: reason !== "",
    given: message,
  };
}

function callOf(call: Record<string, unknown>): Call {
  const { name, arguments: args } = fields(call.function);
  return { id: text(call.id), name: text(name), args: fields(JSON.parse(text(args))) };
}

function usageOf(usage: unknown): Pick<Seen, "usage"> {
  const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details } = fields(usage);
  if (input === undefined) return {};
  const cached = fields(details).cached_tokens;
  return {
    usage: {
      input: Number(input),
      output: Number(output),
      cached: cached === undefined ? undefined : Number(cached),
    },
  };
}

/** The chunks as one message, by OpenAI's rules. */
function readStream(body: string): Seen {
  const message: Record<string, unknown> = { role: "assistant", content: "" };
  const calls: Record<string, unknown>[] = [];
  let done = false;
  let reason: unknown = "";
  let usage: unknown;
  let error: unknown;
  for (const { data, raw } of frames(body)) {
    if (raw === "[DONE]") done = true;
    error ??= data.error;
    usage = data.usage ?? usage;
    const choice = list(data.choices)[0] ?? {};
    reason = choice.finish_reason ?? reason;
    const { tool_calls: deltas, ...delta } = fields(choice.delta);
    for (const [name, value] of Object.entries(delta)) add(message, name, value);
    for (const { index, ...call } of list(deltas)) merge((calls[Number(index)] ??= {}), call);
  }
  if (calls.length > 0) message.tool_calls = calls;
  const ended = done ? reason : "";
  const whole = { choices: [{ message, finish_reason: ended }], usage };
  return readWhole(error === undefined ? whole : { ...whole, error });
}

function add(message: Record<string, unknown>, name: string, value: unknown): void {
  if (value === null || name === "role") return;
  if (Array.isArray(value)) message[name] = [...((message[name] as unknown[]) ?? []), ...value];
  else message[name] = `${text(message[name])}${text(value)}`;
}

function merge(call: Record<string, unknown>, delta: Record<string, unknown>): void {
  const { function: piece, ...rest } = delta;
  Object.assign(call, rest);
  const { name, arguments: args } = fields(piece);
  const known = fields(call.function);
  call.function = {
    name: text(known.name) + text(name),
    arguments: text(known.arguments) + text(args),
  };
}
