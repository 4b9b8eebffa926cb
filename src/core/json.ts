/** A parsed JSON object. */
export type JsonRecord = Record<string, unknown>;

/** An object that is no array. */
export function isRecord(value: unknown): value is JsonRecord {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
