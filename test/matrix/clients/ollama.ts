import { type Client, fields, list, type Question, type Seen, text, type Turn } from "../scene.ts";

/** A client of Ollama's own API. */
export const ollama: Client = {
  name: "ollama",
  write: (question, model) => ({ path: "/api/chat", body: write(question, model) }),
  read: ({ text: body }) => {
    const lines = body.split("\n").filter((line) => line.trim() !== "");
    return read(lines.map((line) => fields(JSON.parse(line))));
  },
  lacks: { choice: "Ollama's API has no tool_choice" },
  mute: {
    cached: "Ollama's API has no word for cached tokens",
    refusal: "Ollama's API has no word for a refusal",
    stop: "Ollama's API does not say which stop sequence it was",
  },
};

function write(question: Question, model: string): object {
  const { system, turns, tools, schema, max, stop, temperature, think, stream = false, unknown } = question;
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
    ...(schema && { format: schema }),
    ...(think && { think }),
    options: {
      ...(max && { num_predict: max }),
      ...(stop && { stop }),
      ...(temperature !== undefined && { temperature }),
    },
    stream,
    ...(unknown && { [unknown.name]: unknown.value }),
  };
}

function writeTurn(turn: Turn): unknown[] {
  if ("user" in turn) {
    return [{ role: "user", content: turn.user, ...(turn.image && { images: [turn.image.base64] }) }];
  }
  if ("assistant" in turn) return [{ role: "assistant", content: turn.assistant }];
  if ("given" in turn) return [turn.given];
  if ("results" in turn) {
    return turn.results.map(({ id, name, text: content }) => ({
      role: "tool",
      content,
      tool_name: name,
      tool_call_id: id,
    }));
  }
  const tool_calls = turn.calls.map(({ id, name, args }) => ({ id, function: { name, arguments: args } }));
  return [{ role: "assistant", content: "", tool_calls }];
}

function read(lines: Record<string, unknown>[]): Seen {
  const messages = lines.map(({ message }) => fields(message));
  const calls = messages.flatMap(({ tool_calls: some }) => list(some));
  const last = lines.findLast(({ done }) => done === true) ?? {};
  const said = messages.map(({ content }) => text(content)).join("");
  const thought = messages.map(({ thinking }) => text(thinking)).join("");
  const error = lines.find((line) => line.error !== undefined)?.error;
  const { prompt_eval_count: input, eval_count: output } = last;
  return {
    text: said,
    thought,
    calls: calls.map((call) => {
      const { name, arguments: args } = fields(call.function);
      return { id: text(call.id), name: text(name), args: fields(args) };
    }),
    ends: calls.length > 0 && last.done_reason === "stop" ? "tools" : text(last.done_reason),
    ...(input === undefined
      ? {}
      : { usage: { input: Number(input), output: Number(output), cached: undefined } }),
    ...(error === undefined ? {} : { error: text(error) }),
    whole: last.done === true,
    given: {
      role: "assistant",
      content: said,
      ...(thought && { thinking: thought }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  };
}
