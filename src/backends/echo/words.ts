import { Failure } from "../../core/failure.ts";
import { invalid } from "./body.ts";

/** Tokens a prompt and its answer may use together; more is refused, as a real engine would. */
export const CONTEXT_LENGTH = 32_768;

/** Longest word, in code points, before it is cut in two: a stream's chunk stays far below any reader's frame limit. */
const WORD_MAX = 16_384;

/** Characters of all choices together: the longest request the server takes by default always fits once. */
const ANSWER_MAX = 64 * 1024 * 1024;

/** What a token is here: a word with the white space before it, so that the tokens together are the text. */
const WORDS = new RegExp(`\\s{0,${WORD_MAX}}\\S{1,${WORD_MAX}}|\\s{1,${WORD_MAX}}`, "gu");

/** JSON without spaces would be one word: it is cut after its punctuation instead. */
export const JSON_WORDS = /[^,:{[]*[,:{[]|[^,:{[]+/g;

/** What one choice says, token by token, and why it ended. */
export interface Said {
  pieces: string[];
  finish: "stop" | "length";
}

/** Says a text until a stop string begins or `max` tokens are said. */
export function say(text: string, { stop, max }: { stop: string[]; max: number }, word = WORDS): Said {
  const stopped = stop.map((string) => text.indexOf(string)).filter((at) => at >= 0);
  const pieces: string[] = [];
  for (const [piece] of text.slice(0, Math.min(text.length, ...stopped)).matchAll(word)) {
    if (pieces.length >= max) return { pieces, finish: "length" };
    pieces.push(piece);
  }
  return { pieces, finish: "stop" };
}

/** Tokens of a prompt's texts. Throws `context_length_exceeded` rather than count beyond the context. */
export function countWords(texts: Iterable<string>): number {
  let count = 0;
  for (const text of texts) {
    for (const _ of text.matchAll(WORDS)) {
      count += 1;
      if (count > CONTEXT_LENGTH) throw tooLong();
    }
  }
  return count;
}

/** Refuses answers that would fill the memory: `n` copies of everything said. */
export function checkVolume(said: readonly Said[], n: number): void {
  const characters = said.reduce((sum, { pieces }) => pieces.reduce((all, one) => all + one.length, sum), 0);
  if (characters * n > ANSWER_MAX)
    throw invalid(`${n} answers of ${characters} characters are more than echo writes at once.`, "n");
}

function tooLong(): Failure {
  const message = `This model's maximum context length is ${CONTEXT_LENGTH} tokens (words), and the prompt has more.`;
  return new Failure("context_length_exceeded", message, { upstreamCode: "context_length_exceeded" });
}
