import { isRecord, type JsonRecord } from "../../core/json.ts";
import { emulated, type Note } from "../../core/note.ts";
import type { Draft } from "../draft.ts";
import type { Profile } from "../profile.ts";

/** The form of the answer, in one of the two forms that the host knows. */
export function writeFormat(draft: Draft, { jsonObject, jsonSchema }: Profile, notes: Note[]): void {
  const format = draft.value("response_format");
  if (!isRecord(format)) return;
  if (jsonObject === "schema" && format.type === "json_object") {
    draft.set("response_format", isRecord(format.schema) ? schemaFormat(format.schema) : ANY_OBJECT);
    notes.push(emulated("response_format", ": json_object was sent as a json_schema that allows any object"));
  }
  const schema = schemaOf(format);
  if (jsonSchema === "native" || format.type !== "json_schema" || !schema) return;
  draft.set("response_format", { type: "json_object" });
  draft.set("messages", instructed(draft.value("messages"), schema));
  notes.push(
    emulated(
      "response_format",
      ": this backend knows no schemas; the model was told of it, and to write JSON",
    ),
  );
}

const ANY_OBJECT = schemaFormat({ type: "object" });

function schemaFormat(schema: JsonRecord): JsonRecord {
  return { type: "json_schema", json_schema: { name: "object", schema } };
}

/** llama.cpp's form has no object around the schema. */
function schemaOf({ json_schema: inner, schema }: JsonRecord): unknown {
  return isRecord(inner) ? inner.schema : schema;
}

/** Behind the instructions that are there: a second message of the kind is refused by some templates. */
function instructed(messages: unknown, schema: unknown): unknown[] {
  const words = `Answer with one JSON object, and nothing else, that follows this JSON Schema:\n${JSON.stringify(schema)}`;
  const [first, ...rest]: unknown[] = Array.isArray(messages) ? messages : [];
  if (!isRecord(first) || (first.role !== "system" && first.role !== "developer"))
    return [{ role: "system", content: words }, ...(first === undefined ? [] : [first]), ...rest];
  const content = Array.isArray(first.content)
    ? [...first.content, { type: "text", text: words }]
    : `${typeof first.content === "string" ? first.content : ""}\n\n${words}`.trim();
  return [{ ...first, content }, ...rest];
}
