import { EVENT_STREAM, type AnswerOptions, type TextApi } from "./api.ts";
import { writeResponse } from "./responses/answer.ts";
import type { Keeping } from "./responses/keeping.ts";
import { ResponseRecord } from "./responses/record.ts";
import { type ReadResponses, readResponses } from "./responses/request.ts";
import { ResponsesWriter } from "./responses/stream.ts";

/** OpenAI's Responses as an api, for one request: what it reads there it needs again when it answers. */
export function responsesApi(keeping: Keeping): TextApi {
  let asked: ReadResponses | undefined;
  const recordOf = ({ model }: AnswerOptions) => {
    if (!asked) throw new Error("a response is written for a request that was not read");
    return new ResponseRecord(asked, model, keeping);
  };
  return {
    streamType: EVENT_STREAM,
    read(body, id) {
      asked = readResponses(body, id, keeping);
      return asked.request;
    },
    stream: (options) => new ResponsesWriter(recordOf(options)),
    answer: (answer, options) => writeResponse(answer, recordOf(options)),
  };
}
