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

/** A host of OpenAI's Responses. */
export const responses: Host = {
  name: "openai-responses",
  type: "openai-responses",
  model: "gpt-5.1",
  read,
  answer: answersWith(final, streamed),
  error: (kind) =>
    kind === "limit"
      ? {
          status: 429,
          headers: { "retry-after": "7" },
          body: error("Too many.", "rate_limit_exceeded"),
        }
      : {
          status: 400,
          body: error("Your input exceeds the context window of this model.", "context_length_exceeded"),
        },
  memory: "state",
};

function error(message: string, code: string): string {
  return JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } });
}

function read(path: string, body: Record<string, unknown>): Asked {
  if (path !== "/v1/responses") throw new Error(`asked at ${path}`);
  if (body.store !== false) throw new Error("asked to keep the response");
  const names = new Map<unknown, unknown>();
  const lines = body.instructions === undefined ? [] : [`system ${text(body.instructions)}`];
  const input = typeof body.input === "string" ? [{ role: "user", content: body.input }] : list(body.input);
  lines.push(...input.flatMap((item) => readItem(item, names)));
  const format = fields(fields(body.text).format);
  const choice = fields(body.tool_choice).name;
  return {
    lines,
    tools: list(body.tools).map(({ name }) => text(name)),
    choice:
      choice === undefined
        ? ((body.tool_choice as "none" | "required" | undefined) ?? "auto")
        : `named ${text(choice)}`,
    ...(format.type === "json_schema" && { schema: propertiesOf(format.schema) }),
    ...(body.max_output_tokens !== undefined && { max: Number(body.max_output_tokens) }),
    ...(body.temperature !== undefined && { temperature: Number(body.temperature) }),
    ...(body.reasoning !== undefined && { think: fields(body.reasoning).effort !== "none" }),
    stream: body.stream === true,
    fields: Object.keys(body),
  };
}

function readItem(item: Record<string, unknown>, names: Map<unknown, unknown>): string[] {
  if (item.type === "reasoning") {
    const thought = list(item.summary)
      .map((part) => text(part.text))
      .join("");
    return [`assistant thinks ${thought} (${text(item.encrypted_content)})`];
  }
  if (item.type === "function_call") {
    names.set(item.call_id, item.name);
    return [callLine({ name: text(item.name), args: fields(JSON.parse(text(item.arguments))) })];
  }
  if (item.type === "function_call_output") {
    if (!names.has(item.call_id)) throw new Error(`an answer to the unknown call ${text(item.call_id)}`);
    return [`${text(names.get(item.call_id))} answers ${text(item.output)}`];
  }
  const who = item.role === "developer" ? "system" : text(item.role);
  if (typeof item.content === "string") return [`${who} ${item.content}`];
  return list(item.content).map((part) => {
    const [, mime, base64] = /^data:(.*);base64,(.*)$/.exec(text(part.image_url)) ?? [];
    return part.type === "input_image" ? `${who} [${mime} ${base64}]` : `${who} ${text(part.text)}`;
  });
}

/** The response's items, each with the events between its first and its last. */
function itemsOf(reply: Reply): { item: object; start: object; deltas: object[] }[] {
  const items: { item: object; start: object; deltas: object[] }[] = [];
  const { thought, state, text: pieces, refusal, calls = [] } = reply;
  if (thought) {
    const start = { type: "reasoning", id: "rs_1", summary: [] };
    items.push({
      start,
      item: { ...start, summary: [{ type: "summary_text", text: thought }], encrypted_content: state },
      deltas: [
        { type: "response.reasoning_summary_part.added", summary_index: 0 },
        { type: "response.reasoning_summary_text.delta", summary_index: 0, delta: thought },
      ],
    });
  }
  if (pieces || refusal) {
    const start = { type: "message", id: "msg_1", role: "assistant", status: "in_progress", content: [] };
    const said = pieces
      ? { type: "output_text", text: pieces.join(""), annotations: [] }
      : { type: "refusal", refusal };
    const kind = pieces ? "response.output_text.delta" : "response.refusal.delta";
    items.push({
      start,
      item: { ...start, status: "completed", content: [said] },
      deltas: (pieces ?? [refusal ?? ""]).map((delta) => ({ type: kind, content_index: 0, delta })),
    });
  }
  for (const { id, name, args } of calls) {
    const json = JSON.stringify(args);
    const start = { type: "function_call", id: `fc_${id}`, call_id: id, name, arguments: "" };
    items.push({
      start,
      item: { ...start, arguments: json },
      deltas: [json.slice(0, 3), json.slice(3)].map((delta) => ({
        type: "response.function_call_arguments.delta",
        delta,
      })),
    });
  }
  return items;
}

const HEAD = { id: "resp_theirs", object: "response", created_at: 1790000000, model: "theirs", error: null };

function final(reply: Reply): object {
  const { usage } = reply;
  return {
    ...HEAD,
    status: reply.ends === "length" ? "incomplete" : "completed",
    incomplete_details: reply.ends === "length" ? { reason: "max_output_tokens" } : null,
    output: itemsOf(reply).map(({ item }) => item),
    ...(usage && {
      usage: {
        input_tokens: usage.input,
        input_tokens_details: { cached_tokens: usage.cached },
        output_tokens: usage.output,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: usage.input + usage.output,
      },
    }),
  };
}

function streamed(reply: Reply): string {
  const response = { ...HEAD, status: "in_progress", output: [] };
  const events: object[] = [{ type: "response.created", response }];
  itemsOf(reply).forEach(({ item, start, deltas }, output_index) => {
    events.push({ type: "response.output_item.added", output_index, item: start });
    events.push(...deltas.map((delta) => ({ ...delta, output_index })));
    if (!reply.fault) events.push({ type: "response.output_item.done", output_index, item });
  });
  if (reply.fault === "cut") return sse(events, true);
  if (reply.fault === "error") {
    const failure = { code: "server_error", message: "The engine broke." };
    return sse(
      [...events, { type: "response.failed", response: { ...HEAD, status: "failed", error: failure } }],
      true,
    );
  }
  const type = reply.ends === "length" ? "response.incomplete" : "response.completed";
  return sse([...events, { type, response: final(reply) }], true);
}
