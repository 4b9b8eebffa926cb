import { isRecord, type JsonRecord } from "../core/json.ts";

/**
 * A call's arguments for dialects that want an object. Nothing is an empty object; text that is no JSON object, which a
 * model may have written, is kept under `_raw`, so that the next turn can see what it did.
 */
export function argsObject(args: string): JsonRecord {
  if (args.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(args);
    if (isRecord(value)) return value;
  } catch {
    // Kept as it is, below.
  }
  return { _raw: args };
}
