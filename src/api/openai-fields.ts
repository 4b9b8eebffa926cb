import { type TSchema, Type } from "@sinclair/typebox";
import { isRecord } from "../core/json.ts";
import type { RawObject, TextRequest } from "../core/request.ts";

/** Bodies are loose: an unknown field is never lost and never an error. */
export const loose = { additionalProperties: true };

/** Absent, null, or one of these: OpenAI reads null as absent nearly everywhere, and clients send it. */
export function optional(...types: TSchema[]) {
  return Type.Optional(Type.Union([...types, Type.Null()]));
}

/** The fields that decide how a request is answered, alike in chat and completions. */
export function routingFields(body: RawObject): Pick<TextRequest, "model" | "stream" | "includeUsage"> {
  const options = body.value("stream_options");
  const stream = body.value("stream") === true;
  return {
    model: String(body.value("model") ?? ""),
    stream,
    includeUsage: stream && isRecord(options) && options.include_usage === true,
  };
}
