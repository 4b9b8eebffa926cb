import type { FinishReason } from "../../core/event.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import type { RawObject } from "../../core/request.ts";
import type { Usage } from "../../core/usage.ts";
import { usageMark } from "../usage-mark.ts";
import { writeResponseUsage } from "./usage.ts";

/** What a response says of itself beside its output. */
export interface ResponseState {
  status: "in_progress" | "completed" | "incomplete" | "failed";
  output: readonly JsonRecord[];
  incomplete?: "max_output_tokens" | "content_filter";
  error?: { code: string; message: string };
  usage?: Usage;
  /** Unknown fields of the same dialect. */
  extra?: JsonRecord;
}

/** The response object of one request: what never changes in it, and all parameters of the request. */
export class ResponseForm {
  readonly id: string;
  readonly #model: string;
  readonly #echo: JsonRecord;

  /** `stored`: will the response be kept? */
  constructor(id: string, model: string, { body, stored }: { body: RawObject; stored: boolean }) {
    this.id = id;
    this.#model = model;
    this.#echo = { ...echoOf(body), store: stored };
  }

  /** As JSON. `created` is in seconds since 1970. `stored` is said where it turned out otherwise than was thought. */
  write(created: number, state: ResponseState, stored?: boolean): string {
    const { status, output, incomplete, error, usage, extra } = state;
    return JSON.stringify({
      id: this.id,
      object: "response",
      created_at: created,
      status,
      ...(status === "completed" ? { completed_at: Math.max(created, Math.floor(Date.now() / 1000)) } : {}),
      error: error ?? null,
      incomplete_details: incomplete === undefined ? null : { reason: incomplete },
      model: this.#model,
      output,
      ...this.#echo,
      ...extra,
      ...(usage ? { usage: writeResponseUsage(usage), ...usageMark(usage) } : {}),
      ...(stored === undefined ? {} : { store: stored }),
    });
  }
}

/** How a response ended that was not broken off. */
export function endingOf(reason: FinishReason): Pick<ResponseState, "status" | "incomplete"> {
  switch (reason) {
    case "length":
    case "context":
      return { status: "incomplete", incomplete: "max_output_tokens" };
    case "content_filter":
    case "refusal":
      return { status: "incomplete", incomplete: "content_filter" };
    default:
      return { status: "completed" };
  }
}

/** Parameters that stand in the answer whether they were sent or not, with what OpenAI says for one that was not. */
const DEFAULTS: Readonly<JsonRecord> = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "auto",
  temperature: null,
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: null,
  truncation: "disabled",
};

/** Parameters that stand in it if they were sent. */
const OPTIONAL = ["prompt", "prompt_cache_retention", "user"];

function echoOf(body: RawObject): JsonRecord {
  const echo: JsonRecord = {};
  for (const [name, usual] of Object.entries(DEFAULTS)) echo[name] = body.value(name) ?? usual;
  for (const name of OPTIONAL) {
    const value = body.value(name) ?? undefined;
    if (value !== undefined) echo[name] = value;
  }
  const text = body.value("text");
  echo.text = { format: { type: "text" }, ...(isRecord(text) ? text : {}) };
  return echo;
}
