import {
  answersWith,
  type Asked,
  callLine,
  fields,
  type Host,
  list,
  propertiesOf,
  type Reply,
  text,
} from "../scene.ts";

/** An Ollama, asked in its own words. */
export const ollama: Host = {
  name: "ollama",
  type: "ollama",
  model: "theirs",
  read,
  answer: answersWith(whole, streamed, "application/x-ndjson"),
  error: (kind) =>
    kind === "limit"
      ? { status: 503, body: JSON.stringify({ error: "server busy, please try again" }) }
      : { status: 400, body: JSON.stringify({ error: "the input length exceeds the context length" }) },
  memory: "text",
};

function read(path: string, body: Record<string, unknown>): Asked {
  if (path !== "/api/chat") throw new Error(`asked at ${path}`);
  const names = new Map<unknown, unknown>();
  const options = fields(body.options);
  return {
    lines: list(body.messages).flatMap((message) => readMessage(message, names)),
    tools: list(body.tools).map((tool) => text(fields(tool.function).name)),
    choice: "auto",
    ...(typeof body.format === "object" && { schema: propertiesOf(body.format) }),
    ...(options.num_predict !== undefined && { max: Number(options.num_predict) }),
    ...(options.stop !== undefined && { stop: [options.stop].flat() as string[] }),
    ...(options.temperature !== undefined && { temperature: Number(options.temperature) }),
    ...(body.think !== undefined && { think: body.think !== false }),
    stream: body.stream !== false,
    fields: Object.keys(body),
  };
}

function readMessage(message: Record<string, unknown>, names: Map<unknown, unknown>): string[] {
  const { role, content, thinking, tool_calls: calls, tool_name: name } = message;
  if (typeof content !== "string" && content !== undefined) throw new Error("content is no string");
  if (role === "tool") return [`${text(name)} answers ${text(content)}`];
  const lines = Array.isArray(message.images)
    ? message.images.map((data) => `${text(role)} [image/png ${text(data)}]`)
    : [];
  if (thinking) lines.push(`assistant thinks ${text(thinking)}`);
  if (content) lines.push(`${text(role)} ${content}`);
  for (const call of list(calls)) {
    const { name: called, arguments: args } = fields(call.function);
    if (typeof args !== "object") throw new Error("arguments are no object");
    names.set(call.id, called);
    lines.push(callLine({ name: text(called), args: fields(args) }));
  }
  return lines;
}

function callsOf({ calls = [] }: Reply): object[] {
  return calls.map(({ name, args }, index) => ({ function: { index, name, arguments: args } }));
}

const HEAD = { model: "theirs", created_at: "2026-09-21T09:33:20.123456789Z" };

function endOf({ ends, usage }: Reply): object {
  const { input, output } = usage ?? { input: 5, output: 7 };
  return {
    done: true,
    done_reason: ends === "length" ? "length" : "stop",
    total_duration: 9_000_000,
    load_duration: 1_000_000,
    prompt_eval_count: input,
    prompt_eval_duration: 3_000_000,
    eval_count: output,
    eval_duration: 5_000_000,
  };
}

function whole(reply: Reply): object {
  const content = reply.text?.join("") ?? reply.refusal ?? "";
  const message = {
    role: "assistant",
    content,
    ...(reply.thought && { thinking: reply.thought }),
    ...(reply.calls && { tool_calls: callsOf(reply) }),
  };
  return { ...HEAD, message, ...endOf(reply) };
}

function streamed(reply: Reply): string {
  const line = (message: object) => ({
    ...HEAD,
    message: { role: "assistant", content: "", ...message },
    done: false,
  });
  const lines: object[] = [];
  if (reply.thought) lines.push(line({ thinking: reply.thought }));
  for (const content of reply.text ?? (reply.refusal ? [reply.refusal] : [])) lines.push(line({ content }));
  for (const call of callsOf(reply)) lines.push(line({ tool_calls: [call] }));
  if (reply.fault === "error") lines.push({ error: "The engine broke." });
  else if (!reply.fault) lines.push({ ...line({}), ...endOf(reply) });
  return lines.map((one) => `${JSON.stringify(one)}\n`).join("");
}
