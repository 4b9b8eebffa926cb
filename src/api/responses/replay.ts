import { isRecord } from "../../core/json.ts";
import { entriesOf, fieldsOf } from "../../core/lenient.ts";
import { Frames } from "./frames.ts";

/**
 * A kept response as the stream of events that it could have come in: every item in one piece, and numbered anew. Throws
 * what `JSON.parse` throws for a text that is none.
 */
export function replayResponse(response: string): string {
  const { output, status, completed_at: _, usage: __, ...rest } = fieldsOf(JSON.parse(response));
  const items = entriesOf(output).filter(isRecord);
  const frames = new Frames();
  const begun = JSON.stringify({
    ...rest,
    status: "in_progress",
    output: [],
  });
  return [
    frames.frame("response.created", `"response":${begun}`),
    frames.frame("response.in_progress", `"response":${begun}`),
    ...items.map((item, index) => frames.whole(item, index)),
    frames.frame(`response.${String(status)}`, `"response":${response}`),
  ].join("");
}
