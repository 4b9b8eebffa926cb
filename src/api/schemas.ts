import { type TSchema, Type } from "@sinclair/typebox";

/** Bodies are loose: an unknown field is never lost and never an error. */
export const loose = { additionalProperties: true };

/** Absent, null, or one of these: OpenAI reads null as absent nearly everywhere, and clients send it. */
export function optional(...types: TSchema[]) {
  return Type.Optional(Type.Union([...types, Type.Null()]));
}

/** The name of the model that is asked. */
export const modelField = optional(
  Type.String({ description: "A model's name: an alias, `backend/id`, or a plain id." }),
);
