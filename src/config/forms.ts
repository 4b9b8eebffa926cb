import { Type, type TSchema } from "@sinclair/typebox";

/** Of an object: a key that is not in its schema is a mistake. */
export const strict = { additionalProperties: false };

/** Words, at least one. */
export const text = (description: string) => Type.String({ minLength: 1, description });

/** None, unless the file says some. */
export const list = <T extends TSchema>(items: T, description: string) =>
  Type.Array(items, { default: [], description });

/** One of a few words. */
export const words = <T extends string>(
  options: readonly T[],
  about: { title: string; description: string; default?: NoInfer<T> },
) =>
  Type.Unsafe<T>(
    Type.Union(
      options.map((option) => Type.Literal(option)),
      about,
    ),
  );

/** A name that is a table's key: the JSON Schema keyword `propertyNames` carries what to say of a bad one. */
export function named<T extends TSchema>(pattern: string, rule: string, item: T, description: string) {
  const propertyNames = { description: rule };
  return Type.Record(Type.String({ pattern }), item, { ...strict, propertyNames, default: {}, description });
}
