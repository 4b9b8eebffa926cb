import { Failure } from "../core/failure.ts";
import type { Adapter } from "./adapter.ts";
import {
  type AnswerState,
  beginAnswer,
  hasEnded,
  isWhole,
  readEvent,
  readMessage,
} from "./anthropic/answer.ts";
import { readAnthropicFailure } from "./anthropic/failure.ts";
import { readModels } from "./anthropic/models.ts";
import { API_VERSION, writeMessagesRequest } from "./anthropic/request.ts";

/** Anthropic's Messages, as Anthropic itself and the hosts that copy it speak them. */
export const anthropic: Adapter<AnswerState> = {
  dialect: "anthropic",
  framing: "sse",
  operations: new Set(["chat", "completions"]),
  // Without a limit a page has 20 models; 1000 is the most that may be asked for.
  modelsPath: () => "/v1/models?limit=1000",
  headers: ({ apiVersion = API_VERSION }) => ({ "anthropic-version": apiVersion }),
  auth: (key) => ({ "x-api-key": key }),
  write: writeMessagesRequest,
  begin: beginAnswer,
  step: readEvent,
  whole: readMessage,
  ended: hasEnded,
  done: isWhole,
  failure: readAnthropicFailure,
  models: readModels,
  embeddings() {
    throw new Failure("unsupported", "Anthropic's API has no embeddings.", { param: "model" });
  },
};
