import type { StreamEvent } from "../core/event.ts";
import { isRecord } from "../core/json.ts";
import type { DeltaState } from "./openai-delta.ts";

/** The text of a choice that was held to the schema of a tool call, as the call it means; any other text as it is. */
export function readTextCall({ callTexts }: DeltaState, choice: number, out: StreamEvent[]): void {
  const text = callTexts?.get(choice);
  if (text === undefined) return;
  callTexts?.delete(choice);
  const call = callOf(text);
  if (call) out.push({ type: "tool-delta", choice, ...call, done: true });
  else out.push({ type: "text", choice, text });
}

function callOf(text: string): { name: string; args: unknown } | undefined {
  try {
    const call: unknown = JSON.parse(text);
    if (isRecord(call) && typeof call.name === "string")
      return { name: call.name, args: call.arguments ?? {} };
  } catch {
    // Cut off by a limit, or by a host that takes no schemas after all.
  }
  return undefined;
}
