/** What an event stream of OpenAI's dialects says to a client that reads all of it. */
export interface Said {
  /** The texts of all choices, in order of arrival. */
  text: string;
  reasoning: string;
  finishes: string[];
  /** `[DONE]` came. */
  done: boolean;
  /** The error object, if one came. */
  error: OpenAiError | undefined;
  comments: number;
  /** Every chunk, parsed. */
  chunks: Chunk[];
}

export interface Chunk {
  object: string;
  choices?: { index: number; text?: string; delta?: Delta; finish_reason: string | null }[];
  usage?: Record<string, unknown> | null;
}

export interface OpenAiError {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

interface Delta {
  role?: string;
  content?: string;
  reasoning_content?: string;
  tool_calls?: {
    index: number;
    id?: string;
    type?: string;
    function?: { name?: string; arguments?: string };
  }[];
}

/** The error of an answer that is nothing else; throws when it is not exactly OpenAI's object. */
export function errorOf({ text }: { text: string }): OpenAiError {
  const { error, ...rest } = JSON.parse(text) as { error: OpenAiError };
  const kinds = Object.entries(error).map(
    ([name, value]) => `${name} ${value === null ? "null" : typeof value}`,
  );
  const form = /^message string,type string,param (string|null),code (string|null)$/;
  if (Object.keys(rest).length > 0 || !form.test(kinds.join()))
    throw new Error(`no error of OpenAI's: ${text}`);
  return error;
}

/** Reads a stream as strictly as the standard allows: anything but whole frames and comments throws. */
export function readStream(text: string): Said {
  const said: Said = {
    text: "",
    reasoning: "",
    finishes: [],
    done: false,
    error: undefined,
    comments: 0,
    chunks: [],
  };
  if (text !== "" && !text.endsWith("\n\n")) throw new Error("the stream ends within a frame");
  for (const frame of text.split("\n\n").slice(0, -1)) {
    if (said.done || said.error) throw new Error(`said after the end: ${frame}`);
    if (frame.startsWith(":")) said.comments++;
    else if (frame === "data: [DONE]") said.done = true;
    else if (frame.startsWith('data: {"error"')) said.error = errorOf({ text: frame.slice(6) });
    else if (frame.startsWith("data: ")) add(said, JSON.parse(frame.slice(6)) as Chunk);
    else throw new Error(`no frame: ${frame}`);
  }
  return said;
}

function add(said: Said, chunk: Chunk): void {
  said.chunks.push(chunk);
  for (const { delta, text, finish_reason } of chunk.choices ?? []) {
    said.text += delta?.content ?? text ?? "";
    said.reasoning += delta?.reasoning_content ?? "";
    if (finish_reason !== null) said.finishes.push(finish_reason);
  }
}
