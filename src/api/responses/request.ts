import { Failure } from "../../core/failure.ts";
import { isRecord } from "../../core/json.ts";
import { once } from "../../core/once.ts";
import type { RawObject, TextRequest } from "../../core/request.ts";
import { bufferOf, readObject } from "../../wire/json.ts";
import { routingFields } from "../openai/routing.ts";
import { responsesCheck } from "./body.ts";
import type { Keeping } from "./keeping.ts";
import { responsesPrompt } from "./prompt.ts";

/** A request and what it adds to its conversation. */
export interface ReadResponses {
  request: TextRequest;
  /** The body as the client sent it. */
  body: RawObject;
  previous: string | undefined;
  /** The items of its input, what it only referred to among them. */
  input(): unknown[];
}

/**
 * Reads a request. What it leaves to the server's memory (`previous_response_id`, references to items) is put into its
 * input, so that no backend has to know of any memory.
 *
 * Throws `invalid_request`, `invalid_json`, and `unsupported` for what needs a server that works in the background.
 */
export function readResponses(body: RawObject, id: string, keeping: Keeping): ReadResponses {
  responsesCheck.check(body);
  refuseImpossible(body);
  const previous = body.value("previous_response_id") ?? undefined;
  const earlier = typeof previous === "string" ? historyOf(previous, keeping) : undefined;
  const input = once(() => inputOf(body, keeping));
  const whole = earlier || refers(body) ? withInput(body, [...(earlier ?? []), ...input()]) : body;
  // The client's own places of its items, where they are the same: errors name them.
  const asked = refers(body) ? withInput(body, input()) : body;
  const dialect = "openai-responses";
  const request: TextRequest = {
    id,
    operation: "chat",
    dialect,
    answerDialect: dialect,
    body: whole,
    ...routingFields(body),
    includeUsage: true,
    prompt: once(() => responsesPrompt(asked, earlier)),
  };
  return { request, body, previous: typeof previous === "string" ? previous : undefined, input };
}

function refuseImpossible(body: RawObject): void {
  if (body.value("background") === true) {
    throw new Failure("unsupported", "This server answers at once: background must be false.", {
      param: "background",
    });
  }
  const given = SOURCES.filter((name) => (body.kind(name) ?? "null") !== "null");
  if (given.includes("conversation") && given.includes("previous_response_id")) {
    throw new Failure(
      "invalid_request",
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
      { param: "previous_response_id" },
    );
  }
  if (given.length === 0) {
    throw new Failure("invalid_request", "Missing required parameter: 'input'.", { param: "input" });
  }
}

/** Where the words to answer may come from. */
const SOURCES = ["input", "previous_response_id", "conversation", "prompt"];

function historyOf(id: string, keeping: Keeping): unknown[] {
  const history = keeping.history(id);
  if (history) return history;
  throw new Failure(
    "invalid_request",
    `Previous response with id '${id.slice(0, 100)}' not found. It was not stored (store: false), has been deleted, or is too old.`,
    { param: "previous_response_id", apiCode: "previous_response_not_found" },
  );
}

/** Cheap, for nearly no request has one; the AI SDK's have. */
function refers(body: RawObject): boolean {
  return bufferOf(body).includes('"item_reference"');
}

/** A list of items, in which what is referred to stands itself. */
function inputOf(body: RawObject, keeping: Keeping): unknown[] {
  const input = body.value("input");
  if (typeof input === "string")
    return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
  if (!Array.isArray(input)) return [];
  return input.map((item: unknown) => {
    if (!isRecord(item) || item.type !== "item_reference") return item;
    return (typeof item.id === "string" ? keeping.item(item.id) : undefined) ?? item;
  });
}

function withInput(body: RawObject, input: unknown[]): RawObject {
  return readObject(Buffer.concat(body.edit(new Map([["input", input]]))));
}
