/** The texts among an array's items; undefined when there is no array. */
export function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** The first of several places that holds a whole number above zero. */
export function firstCount(...values: unknown[]): number | undefined {
  return values.find(isCount);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
