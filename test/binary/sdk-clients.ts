import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { type Message, Ollama, type ToolCall } from "ollama";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import type { RunningBinary } from "./binary.ts";
import { clientOf } from "./fleet.ts";
import { QUESTION } from "./sea-talk.ts";

/** A vendor's SDK with its own way of reading a stream, as an application uses it. */
export interface SdkClient {
  readonly name: string;
  /** Begins a conversation with one question and, if wanted, the tools `tide` and `wind`. */
  talk(server: RunningBinary, model: string, withTools: boolean): Talk;
  /** Asks for the object `WAVE` and lets the SDK read it. */
  parse(server: RunningBinary, model: string): Promise<unknown>;
  /** Reads a stream without the helper, ollama-js one of generate; resolves at what the SDK takes for its end. */
  raw(server: RunningBinary, model: string): Promise<void>;
}

export interface Talk {
  /** Sends what was said so far and reads the answer, which is part of the conversation from then on. */
  ask(onText?: (text: string) => void): Promise<SdkAnswer>;
  /** Adds a result for each call of the last answer. */
  results(texts: readonly string[]): void;
}

export interface SdkAnswer {
  text: string;
  thought: string;
  calls: { name: string; args: unknown }[];
  /** In the words of the dialect. */
  ends: unknown;
  /** Tokens of the prompt and of the answer. */
  usage: (number | undefined)[];
}

const wave = z.object({ wave: z.number(), colour: z.string() });
const TOOLS = ["tide", "wind"].map((name) => ({
  name,
  description: `The ${name} in a port.`,
  schema: {
    type: "object" as const,
    properties: { port: { type: "string" } },
    required: ["port"],
    additionalProperties: false,
  },
}));

const chat: SdkClient = {
  name: "openai, chat.completions.stream",
  talk(server, model, withTools) {
    const client = clientOf(server);
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: QUESTION }];
    const tools = TOOLS.map(({ name, description, schema }) => ({
      type: "function" as const,
      function: { name, description, parameters: schema },
    }));
    let ids: string[] = [];
    return {
      async ask(onText = () => {}) {
        let thought = "";
        const stream_options = { include_usage: true };
        const stream = client.chat.completions
          .stream({ model, messages, stream_options, ...(withTools && { tools }) })
          .on("content", onText)
          .on("chunk", ({ choices }) => {
            const delta = choices[0]?.delta ?? {};
            if ("reasoning_content" in delta) thought += String(delta.reasoning_content);
          });
        const { choices, usage } = await stream.finalChatCompletion();
        if (!choices[0]) throw new Error("no choice");
        const { message, finish_reason: ends } = choices[0];
        messages.push(message);
        const calls = (message.tool_calls ?? []).filter((call) => call.type === "function");
        ids = calls.map(({ id }) => id);
        return {
          text: message.content ?? "",
          thought,
          calls: calls.map(({ function: fn }) => ({ name: fn.name, args: JSON.parse(fn.arguments) })),
          ends,
          usage: [usage?.prompt_tokens, usage?.completion_tokens],
        };
      },
      results: (texts) =>
        void messages.push(
          ...texts.map((content, i) => ({ role: "tool" as const, tool_call_id: ids[i] ?? "", content })),
        ),
    };
  },
  async parse(server, model) {
    const { choices } = await clientOf(server).chat.completions.parse({
      model,
      messages: [{ role: "user", content: QUESTION }],
      response_format: zodResponseFormat(wave, "wave"),
    });
    return choices[0]?.message.parsed;
  },
  async raw(server, model) {
    const messages = [{ role: "user" as const, content: QUESTION }];
    await Array.fromAsync(await clientOf(server).chat.completions.create({ model, messages, stream: true }));
  },
};

const responses: SdkClient = {
  name: "openai, responses.stream",
  talk(server, model, withTools) {
    const client = clientOf(server);
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: QUESTION }];
    const tools = TOOLS.map(({ name, description, schema }) => ({
      type: "function" as const,
      name,
      description,
      parameters: schema,
      strict: false,
    }));
    let ids: string[] = [];
    return {
      async ask(onText = () => {}) {
        let thought = "";
        const stream = client.responses
          .stream({ model, input, store: false, ...(withTools && { tools }) })
          .on("response.output_text.delta", ({ delta }) => onText(delta))
          .on("event", (event) => {
            if (event.type === "response.reasoning_summary_text.delta") thought += event.delta;
          });
        const { output, output_text: text, status: ends, usage } = await stream.finalResponse();
        input.push(...(output as OpenAI.Responses.ResponseInputItem[]));
        const calls = output.filter((item) => item.type === "function_call");
        ids = calls.map(({ call_id: id }) => id);
        return {
          text,
          thought,
          calls: calls.map((call) => ({ name: call.name, args: JSON.parse(call.arguments) })),
          ends,
          usage: [usage?.input_tokens, usage?.output_tokens],
        };
      },
      results: (texts) =>
        void input.push(
          ...texts.map((output, i) => ({
            type: "function_call_output" as const,
            call_id: ids[i] ?? "",
            output,
          })),
        ),
    };
  },
  async parse(server, model) {
    const { output_parsed: parsed } = await clientOf(server).responses.parse({
      model,
      input: QUESTION,
      text: { format: zodTextFormat(wave, "wave") },
    });
    return parsed;
  },
  async raw(server, model) {
    await Array.fromAsync(await clientOf(server).responses.create({ model, input: QUESTION, stream: true }));
  },
};

const anthropicOf = ({ url }: RunningBinary) =>
  new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });

const messages: SdkClient = {
  name: "@anthropic-ai/sdk, messages.stream",
  talk(server, model, withTools) {
    const client = anthropicOf(server);
    const said: Anthropic.MessageParam[] = [{ role: "user", content: QUESTION }];
    const tools = TOOLS.map(({ schema, ...tool }) => ({ ...tool, input_schema: schema }));
    let ids: string[] = [];
    return {
      async ask(onText = () => {}) {
        let thought = "";
        const stream = client.messages
          .stream({ model, max_tokens: 400, messages: said, ...(withTools && { tools }) })
          .on("text", onText)
          .on("thinking", (more) => (thought += more));
        const { content, stop_reason: ends, usage } = await stream.finalMessage();
        said.push({ role: "assistant", content });
        const calls = content.filter((block) => block.type === "tool_use");
        ids = calls.map(({ id }) => id);
        return {
          text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
          thought,
          calls: calls.map(({ name, input: args }) => ({ name, args })),
          ends,
          usage: [usage.input_tokens + (usage.cache_read_input_tokens ?? 0), usage.output_tokens],
        };
      },
      results: (texts) =>
        void said.push({
          role: "user",
          content: texts.map((text, i) => ({
            type: "tool_result" as const,
            tool_use_id: ids[i] ?? "",
            content: text,
          })),
        }),
    };
  },
  async parse(server, model) {
    const { parsed_output: parsed } = await anthropicOf(server).messages.parse({
      model,
      max_tokens: 400,
      messages: [{ role: "user", content: QUESTION }],
      output_config: { format: zodOutputFormat(wave) },
    });
    return parsed;
  },
  async raw(server, model) {
    const question = [{ role: "user" as const, content: QUESTION }];
    const ask = { model, max_tokens: 400, messages: question, stream: true } as const;
    await Array.fromAsync(await anthropicOf(server).messages.create(ask));
  },
};

const ollamaOf = ({ url: host }: RunningBinary) => new Ollama({ host });

const ollama: SdkClient = {
  name: "ollama-js, chat",
  talk(server, model, withTools) {
    const client = ollamaOf(server);
    const said: Message[] = [{ role: "user", content: QUESTION }];
    const tools = TOOLS.map(({ name, description, schema: parameters }) => ({
      type: "function",
      function: { name, description, parameters },
    }));
    let names: string[] = [];
    return {
      async ask(onText = () => {}) {
        const answer: SdkAnswer = { text: "", thought: "", calls: [], ends: undefined, usage: [] };
        const called: ToolCall[] = [];
        const ask = { model, messages: said, stream: true, ...(withTools && { tools }) } as const;
        for await (const piece of await client.chat(ask)) {
          const { content, thinking = "", tool_calls: calls = [] } = piece.message;
          if (content) onText(content);
          answer.text += content;
          answer.thought += thinking;
          called.push(...calls);
          if (!piece.done) continue;
          answer.ends = piece.done_reason;
          answer.usage = [piece.prompt_eval_count, piece.eval_count];
        }
        answer.calls = called.map(({ function: { name, arguments: args } }) => ({ name, args }));
        names = answer.calls.map(({ name }) => name);
        const { text: content, thought: thinking } = answer;
        said.push({ role: "assistant", content, thinking, tool_calls: called });
        return answer;
      },
      results: (texts) =>
        void said.push(...texts.map((content, i) => ({ role: "tool", tool_name: names[i] ?? "", content }))),
    };
  },
  async parse(server, model) {
    const said = [{ role: "user", content: QUESTION }];
    const format = z.toJSONSchema(wave);
    const { message } = await ollamaOf(server).chat({ model, messages: said, format });
    return wave.parse(JSON.parse(message.content));
  },
  async raw(server, model) {
    await Array.fromAsync(await ollamaOf(server).generate({ model, prompt: QUESTION, stream: true }));
  },
};

export const SDK_CLIENTS = { chat, responses, messages, ollama } as const;
