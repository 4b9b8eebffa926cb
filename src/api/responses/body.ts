import { Type } from "@sinclair/typebox";
import { BodyCheck } from "../body.ts";
import { loose, modelField, optional } from "../schemas.ts";

/**
 * `POST /v1/responses`: what must be right before a backend is asked. What stands inside an item or a tool is not looked
 * at: clients send kinds of both that are newer than this program.
 */
export const ResponsesBody = Type.Object(
  {
    model: modelField,
    input: optional(Type.String(), Type.Array(Type.Object({}, loose))),
    instructions: optional(Type.String(), Type.Array(Type.Object({}, loose))),
    previous_response_id: optional(Type.String()),
    conversation: optional(Type.String(), Type.Object({}, loose)),
    store: optional(Type.Boolean()),
    stream: optional(Type.Boolean()),
    background: optional(Type.Boolean()),
    include: optional(Type.Array(Type.String())),
    max_output_tokens: optional(Type.Integer()),
    temperature: optional(Type.Number()),
    top_p: optional(Type.Number()),
    top_logprobs: optional(Type.Integer({ minimum: 0 })),
    tools: optional(Type.Array(Type.Object({}, loose))),
    tool_choice: optional(Type.String(), Type.Object({}, loose)),
    parallel_tool_calls: optional(Type.Boolean()),
    reasoning: optional(Type.Object({}, loose)),
    text: optional(Type.Object({}, loose)),
    metadata: optional(Type.Object({}, loose)),
  },
  { ...loose, description: "An OpenAI response request; unknown fields are forwarded." },
);

/** Holds bodies against it. */
export const responsesCheck = new BodyCheck(ResponsesBody, {
  input: ["string", "array", "null"],
  tools: ["array", "null"],
});
