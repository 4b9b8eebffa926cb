import type { RawObject } from "../../core/request.ts";
import { type EchoAnswer, answer, type Choice, type ChunkPart } from "./answer.ts";
import { field, flag, integer, stops, tokenLimit } from "./body.ts";
import { readInputs } from "./inputs.ts";
import { checkVolume, CONTEXT_LENGTH, countWords, type Said, say } from "./words.ts";

/** OpenAI's own limits and default. */
const N_MAX = 128;
const MAX_TOKENS_DEFAULT = 16;

/**
 * Answers `POST /v1/completions`: each prompt is said again, `n` times, prompt after prompt. With `echo` the prompt
 * itself comes first, as OpenAI does it: neither `stop` nor `max_tokens` touches that part.
 */
export function completions(body: RawObject): EchoAnswer {
  const prompts = readInputs(field(body, "prompt") ?? "", "prompt");
  const n = integer(body, "n", { min: 1, max: N_MAX }) ?? 1;
  const asked = { stop: stops(body), max: tokenLimit(body, "max_tokens", MAX_TOKENS_DEFAULT) };
  const echoed = flag(body, "echo");
  const texts = prompts.map((prompt) => complete(prompt, asked, echoed));
  checkVolume(texts, n);
  const prompt = texts.reduce((sum, text) => sum + text.prompt, 0);
  const completion = texts.reduce((sum, text) => sum + text.completion, 0) * n;
  return answer(body, {
    prefix: "cmpl",
    object: { whole: "text_completion", chunk: "text_completion" },
    choices: texts.flatMap((text) => Array.from({ length: n }, () => choice(text))),
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  });
}

/** What one choice says, and its tokens. */
interface Text extends Said {
  prompt: number;
  completion: number;
}

function complete(text: string, asked: { stop: string[]; max: number }, echoed: boolean): Text {
  const prompt = countWords([text]);
  const said = say(text, { stop: asked.stop, max: Math.min(asked.max, CONTEXT_LENGTH - prompt) });
  const before = echoed ? say(text, { stop: [], max: Infinity }).pieces : [];
  return { pieces: [...before, ...said.pieces], finish: said.finish, prompt, completion: said.pieces.length };
}

function choice({ pieces, finish }: Text): Choice {
  return {
    whole: () => part(pieces.join(""), finish),
    parts: function* () {
      for (const piece of pieces) yield part(piece, null);
      yield part("", finish);
    },
  };
}

function part(text: string, finish: string | null): ChunkPart {
  return { text, logprobs: null, finish_reason: finish };
}
