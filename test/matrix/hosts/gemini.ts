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

/** A host of Gemini's generateContent. Its calls have no ids. */
export const gemini: Host = {
  name: "gemini",
  type: "gemini",
  model: "gemini-2.5-pro",
  read,
  answer: answersWith(whole, (reply) => streamed(reply).replaceAll("\n", "\r\n")),
  error: (kind) =>
    kind === "limit"
      ? {
          status: 429,
          body: error(429, "RESOURCE_EXHAUSTED", "Too many.", [
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" },
          ]),
        }
      : {
          status: 400,
          body: error(
            400,
            "INVALID_ARGUMENT",
            "The input token count (5000) exceeds the maximum number of tokens allowed (4096).",
          ),
        },
  memory: "state",
};

function error(code: number, status: string, message: string, details: object[] = []): string {
  return JSON.stringify({ error: { code, message, status, details } });
}

function read(path: string, body: Record<string, unknown>): Asked {
  const [, method] = /^\/v1beta\/models\/gemini-2\.5-pro:(\w+)(?:\?alt=sse)?$/.exec(path) ?? [];
  if (method !== "generateContent" && !path.endsWith(":streamGenerateContent?alt=sse")) {
    throw new Error(`asked at ${path}`);
  }
  const contents = list(body.contents);
  contents.forEach(({ role }, i) => {
    if (i > 0 && role === contents[i - 1]?.role)
      throw new Error(`content ${i} is of the same role as the last`);
  });
  const system = list(fields(body.systemInstruction).parts).map((part) => `system ${text(part.text)}`);
  const config = fields(body.generationConfig);
  const thinking = fields(config.thinkingConfig);
  const schema = config.responseJsonSchema ?? config.responseSchema;
  return {
    lines: [...system, ...contents.flatMap(readContent)],
    tools: list(body.tools).flatMap((tool) => list(tool.functionDeclarations).map(({ name }) => text(name))),
    choice: readChoice(fields(fields(body.toolConfig).functionCallingConfig)),
    ...(schema !== undefined && { schema: propertiesOf(schema) }),
    ...(config.maxOutputTokens !== undefined && { max: Number(config.maxOutputTokens) }),
    ...(config.stopSequences !== undefined && { stop: config.stopSequences as string[] }),
    ...(config.temperature !== undefined && { temperature: Number(config.temperature) }),
    ...(config.thinkingConfig !== undefined && {
      think: thinking.thinkingBudget !== 0 && thinking.includeThoughts === true,
    }),
    stream: method === "streamGenerateContent",
    fields: Object.keys(body),
  };
}

function readChoice({ mode, allowedFunctionNames: names }: Record<string, unknown>): Asked["choice"] {
  if (mode === "NONE") return "none";
  if (mode !== "ANY") return "auto";
  const only = Array.isArray(names) && names.length === 1 ? text(names[0]) : undefined;
  return only === undefined ? "required" : `named ${only}`;
}

function readContent({ role, parts }: Record<string, unknown>): string[] {
  const who = role === "model" ? "assistant" : "user";
  return list(parts).map((part) => {
    const state = part.thoughtSignature === undefined ? "" : ` (${text(part.thoughtSignature)})`;
    if (part.functionCall !== undefined) {
      const { name, args } = fields(part.functionCall);
      return callLine({ name: text(name), args: fields(args) }) + state;
    }
    if (part.functionResponse !== undefined) {
      const { name, response } = fields(part.functionResponse);
      if (typeof response !== "object") throw new Error("a response that is no object");
      return `${text(name)} answers ${Object.values(fields(response)).map(String).join("")}`;
    }
    if (part.inlineData !== undefined) {
      const { mimeType, data } = fields(part.inlineData);
      return `${who} [${text(mimeType)} ${text(data)}]`;
    }
    return `${who} ${text(part.text)}${state}`;
  });
}

const REASONS = { stop: "STOP", length: "MAX_TOKENS", tools: "STOP", refusal: "SAFETY" } as const;

/** Parts of an answer; the state of a thought stands on the first call, or else on the text. */
function partsOf(reply: Reply): object[] {
  const { thought, state, text: pieces = [], refusal, calls = [] } = reply;
  const words = refusal ? [refusal] : pieces;
  const onText = state !== undefined && calls.length === 0;
  return [
    ...(thought ? [{ text: thought, thought: true }] : []),
    ...words.map((piece, i) => ({
      text: piece,
      ...(onText && i === words.length - 1 && { thoughtSignature: state }),
    })),
    ...calls.map(({ name, args }, i) => ({
      functionCall: { name, args },
      ...(state !== undefined && i === 0 && { thoughtSignature: state }),
    })),
  ];
}

function usageOf({ usage }: Reply): object {
  const { input, cached, output } = usage ?? { input: 5, cached: 0, output: 7 };
  return {
    usageMetadata: {
      promptTokenCount: input,
      cachedContentTokenCount: cached,
      candidatesTokenCount: output,
      totalTokenCount: input + output,
    },
  };
}

const HEAD = { modelVersion: "theirs", responseId: "r1" };

function whole(reply: Reply): object {
  const content = { role: "model", parts: partsOf(reply) };
  const candidate = { content, finishReason: REASONS[reply.ends], index: 0 };
  return { ...HEAD, candidates: [candidate], ...usageOf(reply) };
}

function streamed(reply: Reply): string {
  const frames: object[] = partsOf(reply).map((part) => ({
    ...HEAD,
    candidates: [{ content: { role: "model", parts: [part] }, index: 0 }],
    ...usageOf(reply),
  }));
  if (reply.fault === "cut") return sse(frames);
  if (reply.fault === "error") {
    return sse([...frames, { error: { code: 500, message: "The engine broke.", status: "INTERNAL" } }]);
  }
  const end = {
    content: { role: "model", parts: [{ text: "" }] },
    finishReason: REASONS[reply.ends],
    index: 0,
  };
  return sse([...frames, { ...HEAD, candidates: [end], ...usageOf(reply) }]);
}
