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

/** A client of OpenAI's Responses that keeps the conversation itself. */
export const responses: Client = {
  name: "responses",
  write: (question, model) => ({ path: "/v1/responses", body: write(question, model) }),
  read: readsWith(readWhole, readStream),
  lacks: { stop: "Responses has no stop sequences" },
  mute: { stop: "Responses does not say which stop sequence it was" },
};

function write(question: Question, model: string): object {
  const { system, turns, tools, choice, schema, max, temperature, think, stream, unknown } = question;
  return {
    model,
    store: false,
    include: ["reasoning.encrypted_content"],
    ...(system !== undefined && { instructions: system }),
    input: turns.flatMap(writeTurn),
    ...(tools && {
      tools: tools.map(({ schema: parameters, ...tool }) => ({ type: "function", ...tool, parameters })),
    }),
    ...(choice && { tool_choice: typeof choice === "string" ? choice : { type: "function", ...choice } }),
    ...(schema && { text: { format: { type: "json_schema", name: "answer", schema, strict: true } } }),
    ...(max && { max_output_tokens: max }),
    ...(temperature !== undefined && { temperature }),
    ...(think && { reasoning: { effort: "medium", summary: "auto" } }),
    ...(stream && { stream }),
    ...(unknown && { [unknown.name]: unknown.value }),
  };
}

function writeTurn(turn: Turn): unknown[] {
  if ("user" in turn) {
    const said = { type: "input_text", text: turn.user };
    if (!turn.image) return [{ role: "user", content: [said] }];
    const image_url = `data:${turn.image.mime};base64,${turn.image.base64}`;
    return [{ role: "user", content: [{ type: "input_image", image_url, detail: "auto" }, said] }];
  }
  if ("assistant" in turn) {
    return [{ type: "message", role: "assistant", content: [{ type: "output_text", text: turn.assistant }] }];
  }
  if ("given" in turn) return turn.given as unknown[];
  if ("results" in turn) {
    return turn.results.map(({ id, text: output }) => ({
      type: "function_call_output",
      call_id: id,
      output,
    }));
  }
  return turn.calls.map(({ id, name, args }) => ({
    type: "function_call",
    call_id: id,
    name,
    arguments: JSON.stringify(args),
  }));
}

function readWhole(body: Record<string, unknown>): Seen {
  const items = list(body.output);
  const parts = items.flatMap((item) => (item.type === "message" ? list(item.content) : []));
  const refused = parts.some(({ type }) => type === "refusal");
  const { input_tokens: input, output_tokens: output, input_tokens_details: details } = fields(body.usage);
  const calls = items.filter(({ type }) => type === "function_call").map(callOf);
  const error = body.error ? text(fields(body.error).message) : undefined;
  return {
    text: parts.map((part) => text(part.text) + text(part.refusal)).join(""),
    thought: items.flatMap((item) => list(item.summary).map((part) => text(part.text))).join(""),
    calls,
    ends: endOf(body, refused, calls.length > 0),
    ...(input === undefined
      ? {}
      : {
          usage: {
            input: Number(input),
            output: Number(output),
            cached: Number(fields(details).cached_tokens),
          },
        }),
    ...(error === undefined ? {} : { error }),
    whole: body.status === "completed" || body.status === "incomplete",
    given: items,
  };
}

function endOf(
  { status, incomplete_details: why }: Record<string, unknown>,
  refused: boolean,
  called: boolean,
) {
  if (status === "incomplete") {
    return fields(why).reason === "max_output_tokens" ? "length" : "refusal";
  }
  if (status !== "completed") return text(status);
  return refused ? "refusal" : called ? "tools" : "stop";
}

function callOf({ call_id: id, name, arguments: args }: Record<string, unknown>): Call {
  return { id: text(id), name: text(name), args: fields(JSON.parse(text(args))) };
}

/**
 * What the events said, put together as the SDK does: an item must be added before a delta of it, numbers have no gaps, and
 * the last event's response says the same as all the others.
 */
function readStream(body: string): Seen {
  const events = frames(body).map(({ data }) => data);
  events.forEach((event, i) => {
    if (event.sequence_number !== i)
      throw new Error(`event ${i} has number ${String(event.sequence_number)}`);
  });
  const last = events.findLast(({ response }) => response !== undefined);
  const final =
    last?.type === "response.created" || last?.type === "response.in_progress" ? {} : last?.response;
  const said = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
  const seen = readWhole(fields(final));
  const refusal = events.flatMap((event) => (event.type === "response.refusal.delta" ? [event.delta] : []));
  const streamed = [...said, ...refusal].join("");
  if (seen.whole && streamed !== seen.text) throw new Error(`the deltas said "${streamed}"`);
  const error = events.find(({ type }) => type === "error");
  return { ...seen, text: streamed, ...(error ? { error: text(error.message) } : {}) };
}
