import type { Adapter } from "../../src/adapters/adapter.ts";
import { anthropic } from "../../src/adapters/anthropic.ts";
import { gemini } from "../../src/adapters/gemini.ts";
import { ollama } from "../../src/adapters/ollama.ts";
import { openaiResponses } from "../../src/adapters/openai-responses.ts";
import { openai } from "../../src/adapters/openai.ts";
import { PROFILES } from "../../src/backends/profiles.ts";
import type { Dialect } from "../../src/core/request.ts";
import { type Replay, replayOf } from "./replay.ts";

/** A host dialect as its streams show it, for tests that replay them. */
export interface Spoken {
  adapter: Adapter;
  replay: Replay;
  /** How the names of its streams end. */
  ending: ".sse" | ".ndjson";
  /** Stands in every stream of it and in none of another dialect. */
  telltale: RegExp;
  /** In the line that says "that was all". Undefined: the dialect has no such word, and a cut is always a loss. */
  mark: RegExp | undefined;
  /** The last line with this makes the answer whole, if the connection then ends in order. */
  whole: RegExp;
}

const spoken = (adapter: Adapter, words: Pick<Spoken, "telltale" | "mark" | "whole">): Spoken => ({
  adapter,
  replay: replayOf(adapter, adapter === ollama ? { profile: PROFILES.own } : {}),
  ending: `.${adapter.framing}`,
  ...words,
});

/** Every dialect that hosts speak. */
export const DIALECTS: Readonly<Record<Dialect, Spoken>> = {
  openai: spoken(openai as Adapter, {
    telltale: /"object":"(?:chat\.completion\.chunk|text_completion)"/,
    mark: /^data: ?\[DONE\]/gm,
    whole: /"finish_reason": ?"\w+"/g,
  }),
  "openai-responses": spoken(openaiResponses as Adapter, {
    telltale: /"type":"response\.created"/,
    mark: /"type": ?"response\.(?:completed|incomplete)"/g,
    whole: /"type": ?"response\.(?:completed|incomplete)"/g,
  }),
  anthropic: spoken(anthropic as Adapter, {
    telltale: /"type":"message_start"/,
    mark: /"type": ?"message_stop"/g,
    whole: /"type": ?"message_stop"/g,
  }),
  gemini: spoken(gemini as Adapter, {
    telltale: /"candidates": ?\[/,
    mark: undefined,
    whole: /"(?:finishReason|blockReason)": ?"\w+"/g,
  }),
  ollama: spoken(ollama as Adapter, {
    telltale: /"created_at":.*"done":/,
    mark: /"done": ?true/g,
    whole: /"done": ?true/g,
  }),
};

/** The first byte behind the dialect's own mark of the end and the line it stands in: nothing after it counts. */
export function markEnd({ mark }: Spoken, bytes: Buffer): number | undefined {
  return mark && endOfLine(bytes, matchesOf(bytes, mark)[0]);
}

/** The first byte behind the line that makes the answer whole. Undefined: no line does. */
export function wholeEnd({ whole }: Spoken, bytes: Buffer): number | undefined {
  return endOfLine(bytes, matchesOf(bytes, whole).at(-1));
}

function matchesOf(bytes: Buffer, pattern: RegExp): RegExpExecArray[] {
  return [...bytes.toString("latin1").matchAll(pattern)];
}

function endOfLine(bytes: Buffer, match: RegExpExecArray | undefined): number | undefined {
  if (!match) return undefined;
  const rest = bytes.toString("latin1").slice(match.index).search(/\r?\n/);
  return rest === -1 ? bytes.length : match.index + rest;
}
