/** An object's fields as JSON behind others: `{"a":1}` is `,"a":1`, and an empty object nothing. */
export function innerJson(fields: object | undefined): string {
  if (fields === undefined) return "";
  const text = JSON.stringify(fields);
  return text === "{}" ? "" : `,${text.slice(1, -1)}`;
}

/** Do two objects have a field of one name? Then they cannot go out as one. */
export function clash(known: object | undefined, next: object | undefined): boolean {
  return known !== undefined && next !== undefined && Object.keys(next).some((name) => name in known);
}
