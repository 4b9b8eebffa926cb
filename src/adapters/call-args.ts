import { type JsonRecord, parseRecord } from "../core/json.ts";
import type { CallItem } from "../core/prompt.ts";

/**
 * An earlier call's arguments, for dialects that want an object. Nothing is an empty object; text that is no JSON object,
 * which a model may have written, is kept under `_raw`, so that the next turn can see what it did; and free text is the one
 * argument that a custom tool has here.
 */
export function argsOf({ kind, args }: Pick<CallItem, "kind" | "args">): JsonRecord {
  return kind === "custom" ? { input: args } : argsObject(args);
}

/** The arguments of a function. */
export function argsObject(args: string): JsonRecord {
  return args.trim() === "" ? {} : (parseRecord(args) ?? { _raw: args });
}
