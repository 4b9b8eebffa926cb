import { Failure } from "../../core/failure.ts";
import { isRecord } from "../../core/json.ts";
import type { RawObject } from "../../core/request.ts";

/** OpenAI takes 4, local engines more; each one costs a search through the whole answer. */
const STOPS_MAX = 16;

/** A field of the request. OpenAI's clients write null for "not given", so null is absent. */
export function field(body: RawObject, name: string): unknown {
  return body.value(name) ?? undefined;
}

/** A switch, off when not given. Throws `invalid_request` when it is something else. */
export function flag(body: RawObject, name: string): boolean {
  const value = field(body, name) ?? false;
  if (typeof value !== "boolean") throw invalid(`'${name}' must be true or false.`, name);
  return value;
}

/** A whole number from `min` to `max`, both included. */
export function integer(
  body: RawObject,
  name: string,
  { min, max }: { min: number; max: number },
): number | undefined {
  const value = field(body, name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(`'${name}' must be a whole number from ${min} to ${max}.`, name);
}

/** The most tokens an answer may have: `fallback` when not said; -1 says "no limit", as llama.cpp's clients do. */
export function tokenLimit(body: RawObject, name: string, fallback: number): number {
  const limit = integer(body, name, { min: -1, max: Number.MAX_SAFE_INTEGER }) ?? fallback;
  return limit === -1 ? Infinity : limit;
}

/** The strings that end an answer; empty ones mean nothing and are left out. */
export function stops(body: RawObject): string[] {
  const value = field(body, "stop") ?? [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length > STOPS_MAX) throw invalid(`'stop' may hold ${STOPS_MAX} strings at most.`, "stop");
  return list.map(readStop).filter((stop) => stop !== "");
}

function readStop(value: unknown): string {
  if (typeof value !== "string") throw invalid("'stop' must be a string or a list of strings.", "stop");
  return value;
}

/** The name the client asked for: echo answers under any, as llama-server does. */
export function modelName(body: RawObject): string {
  const model = field(body, "model") ?? "echo";
  if (typeof model !== "string") throw invalid("'model' must be a string.", "model");
  return model;
}

/** Streams end with a usage chunk only if the client asked for one. */
export function wantsUsage(body: RawObject): boolean {
  const options = field(body, "stream_options");
  return isRecord(options) && options["include_usage"] === true;
}

/** A refusal of the caller's request; `param` is the path of the field at fault. */
export function invalid(message: string, param: string): Failure {
  return new Failure("invalid_request", message, { param });
}
