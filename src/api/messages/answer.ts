import {
  type Answer,
  type AnswerPart,
  type AnswerToolCall,
  emptyChoice,
  type WordsPart,
} from "../../core/answer.ts";
import { fieldsFrom } from "../../core/dialect.ts";
import { type JsonRecord, parseRecord } from "../../core/json.ts";
import type { AnswerOptions } from "../api.ts";
import { usageMark } from "../usage-mark.ts";
import { citation, messageId, redactedBlock, signature, stopFields, usageFields } from "./words.ts";

/** A whole message. Of several choices the first: Anthropic has no others. */
export function writeMessage(answer: Answer, { model }: AnswerOptions): string {
  const { id, usage, extra } = answer;
  const choice = answer.choices.find(({ index }) => index === 0) ?? emptyChoice(0);
  const { finish: reason, raw, stopSequence, parts } = choice;
  const refused = parts.some((part) => part.kind === "refusal" && part.text !== "");
  return JSON.stringify({
    ...extra,
    ...choice.extra,
    ...choice.messageExtra,
    id: messageId(id),
    type: "message",
    role: "assistant",
    model,
    content: parts.flatMap(blocksOf),
    ...stopFields({ reason, raw, stopSequence, refused, usage }),
    usage: usageFields(usage),
    ...usageMark(usage),
  });
}

function blocksOf(part: AnswerPart): JsonRecord[] {
  switch (part.kind) {
    case "reasoning":
      return thoughts(part);
    case "tool":
      return calls(part);
    case "foreign":
      return part.dialect === "anthropic" ? [part.value] : [];
    default:
      return words(part);
  }
}

function words({ text, annotations, extra }: WordsPart): JsonRecord[] {
  if (text === "") return [];
  const citations = annotations.map(citation).filter((source) => source !== undefined);
  return [
    { ...fieldsFrom(extra, "anthropic"), type: "text", text, ...(citations.length > 0 ? { citations } : {}) },
  ];
}

/** One signature has a place in each block; what else must come back gets blocks of its own. */
function thoughts({ text, opaque, extra }: WordsPart): JsonRecord[] {
  const redacted = opaque.filter(({ kind }) => kind === "redacted");
  const [first, ...others] = opaque.filter(({ kind }) => kind !== "redacted");
  const spoken = text !== "" || first !== undefined;
  return [
    ...(spoken
      ? [{ ...fieldsFrom(extra, "anthropic"), type: "thinking", thinking: text, signature: signature(first) }]
      : []),
    ...others.map((other) => ({ type: "thinking", thinking: "", signature: signature(other) })),
    ...redacted.map(redactedBlock),
  ];
}

/** Arguments that are no object cannot be said: their text stands before the call, which then has none. */
function calls({ id, name, tool, args, extra }: AnswerToolCall): JsonRecord[] {
  const input = tool === "custom" ? { input: args } : inputOf(args);
  const call = { ...fieldsFrom(extra, "anthropic"), type: "tool_use", id, name, input: input ?? {} };
  return input === undefined ? [{ type: "text", text: args }, call] : [call];
}

function inputOf(args: string): JsonRecord | undefined {
  return args.trim() === "" ? {} : parseRecord(args);
}
