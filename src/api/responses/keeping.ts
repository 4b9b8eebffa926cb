import type { JsonRecord } from "../../core/json.ts";

/** What a client may come back to: its own responses, wherever they are kept. */
export interface Keeping {
  /** False: nothing new is kept, but what was is still there. */
  readonly enabled: boolean;
  /**
   * All items of the conversation that ended with this response, in order: inputs and outputs, with every vendor's state.
   * Undefined where it, or one before it, is not there any more.
   */
  history(responseId: string): unknown[] | undefined;
  /** An output item of any of the responses, as later turns need it. */
  item(id: string): unknown;
  /** Keeps a response; false where it cannot be kept. When it returns, the response outlives this process. */
  keep(response: KeptResponse): boolean;
}

/** A response to keep. */
export interface KeptResponse {
  id: string;
  /** The response that it went on from. */
  previous: string | undefined;
  /** As the client got it, JSON. */
  response: string;
  /** What this request added to the conversation. */
  input: readonly unknown[];
  /** What the model added, with all state that later turns need. */
  output: readonly JsonRecord[];
}
