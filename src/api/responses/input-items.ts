import { isRecord, type JsonRecord } from "../../core/json.ts";
import { invalid } from "../fields.ts";

/** OpenAI's own limits of a page. */
const LIMIT = { usual: 20, max: 100 };

/**
 * `GET /v1/responses/{id}/input_items`: a page of the items that a response was asked with, newest first unless `order`
 * says otherwise. `input` is the stored list, JSON. Throws `invalid_request` for parameters that make no sense.
 */
export function writeInputItems(responseId: string, input: string, query: URLSearchParams): string {
  const limit = limitOf(query);
  const items = itemsOf(responseId, input);
  if (orderOf(query) === "desc") items.reverse();
  const after = query.get("after");
  const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== null && from === 0) throw invalid("after", "the id of one of the items");
  const data = items.slice(from, from + limit);
  return JSON.stringify({
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < items.length,
  });
}

function limitOf(query: URLSearchParams): number {
  const text = query.get("limit");
  if (text === null) return LIMIT.usual;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIMIT.max) throw invalid("limit", `a number from 1 to ${LIMIT.max}`);
  return limit;
}

function orderOf(query: URLSearchParams): "asc" | "desc" {
  const order = query.get("order") ?? "desc";
  if (order === "asc" || order === "desc") return order;
  throw invalid("order", "'asc' or 'desc'");
}

/** What came without an id gets one that is the same each time. */
function itemsOf(responseId: string, input: string): JsonRecord[] {
  const list: unknown = JSON.parse(input);
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((item, at) => {
    const whole = item.type === undefined || item.type === "message" ? message(item) : item;
    const id = `${PREFIXES.get(whole.type) ?? "item"}_${responseId.replace(/^resp_/, "")}i${at}`;
    return { id, ...whole };
  });
}

const PREFIXES: ReadonlyMap<unknown, string> = new Map<unknown, string>(
  Object.entries({
    message: "msg",
    reasoning: "rs",
    function_call: "fc",
    function_call_output: "fco",
    custom_tool_call: "ctc",
    custom_tool_call_output: "ctco",
  }),
);

/** The easy form of a message, a text without a type, in the long one. */
function message({ content, ...item }: JsonRecord): JsonRecord {
  const said =
    item.role === "assistant"
      ? { type: "output_text", text: content, annotations: [], logprobs: [] }
      : { type: "input_text", text: content };
  return {
    status: "completed",
    ...item,
    type: "message",
    content: typeof content === "string" ? [said] : content,
  };
}
