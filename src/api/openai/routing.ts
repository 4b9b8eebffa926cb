import { fieldsOf } from "../../core/lenient.ts";
import type { RawObject, TextRequest } from "../../core/request.ts";

/** The fields that decide how a request is answered, alike in all of OpenAI's dialects. */
export function routingFields(body: RawObject): Pick<TextRequest, "model" | "stream" | "includeUsage"> {
  const stream = body.value("stream") === true;
  return {
    model: String(body.value("model") ?? ""),
    stream,
    includeUsage: stream && fieldsOf(body.value("stream_options")).include_usage === true,
  };
}
