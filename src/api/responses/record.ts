import type { JsonRecord } from "../../core/json.ts";
import { entriesOf } from "../../core/lenient.ts";
import { ResponseForm, type ResponseState } from "./form.ts";
import { OutputItems } from "./items.ts";
import type { Keeping } from "./keeping.ts";
import { INCLUDE_STATE } from "./prompt.ts";
import type { ReadResponses } from "./request.ts";

/** One response from its first event to the moment it is kept. */
export class ResponseRecord {
  readonly items: OutputItems;
  readonly #form: ResponseForm;
  readonly #asked: ReadResponses;
  readonly #keeping: Keeping;
  readonly #stored: boolean;
  #created = 0;

  constructor(asked: ReadResponses, model: string, keeping: Keeping) {
    const { body, request } = asked;
    const seed = seedOf(request.id);
    this.items = new OutputItems(seed, entriesOf(body.value("include")).includes(INCLUDE_STATE));
    this.#stored = keeping.enabled && body.value("store") !== false;
    this.#form = new ResponseForm(`resp_${seed}`, model, { body, stored: this.#stored });
    this.#asked = asked;
    this.#keeping = keeping;
  }

  /** The response as it begins, JSON. `created` is in seconds since 1970. */
  begin(created: number): string {
    this.#created = created;
    return this.#form.write(created, { status: "in_progress", output: [] });
  }

  /** The whole response, JSON. If it was to be kept it is, when this returns; if it could not be, it says so. */
  complete(state: Omit<ResponseState, "output" | "error">): string {
    const whole = { ...state, output: this.items.shown };
    const response = this.#form.write(this.#created, whole);
    if (!this.#stored) return response;
    const { previous, input } = this.#asked;
    const { id } = this.#form;
    const kept = this.#keeping.keep({ id, previous, response, input: input(), output: this.items.kept });
    return kept ? response : this.#form.write(this.#created, whole, false);
  }

  /** One that was broken off, JSON. It is not kept: half an item is none that a conversation could go on from. */
  failed(error: { code: string; message: string }): string {
    const output: readonly JsonRecord[] = this.items.shown;
    return this.#form.write(this.#created, { status: "failed", output, error }, false);
  }
}

/**
 * What all ids of a response begin with: the request's own id, so that they are found in the log, and something that no
 * other response has, for clients send one id with many requests.
 */
function seedOf(requestId: string): string {
  return (
    requestId.replace(/[^A-Za-z0-9]/g, "").slice(0, 40) + crypto.randomUUID().replaceAll("-", "").slice(0, 12)
  );
}
