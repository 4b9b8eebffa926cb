import { describe, expect, test } from "bun:test";
import type { JsonRecord } from "../../src/core/json.ts";
import { responsesApi } from "../../src/api/responses.ts";
import { writeInputItems } from "../../src/api/responses/input-items.ts";
import { openaiError } from "../../src/api/openai/error.ts";
import { Failure } from "../../src/core/failure.ts";
import { readObject } from "../../src/wire/json.ts";
import { bodyOf, type Memory, memory } from "./responses-spoken.ts";

const read = (fields: JsonRecord, keeping: Memory = memory()) =>
  responsesApi(keeping).read(bodyOf({ model: "m", ...fields }), "req-1", new Headers());

const ANSWER = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "a" }],
};

function withOne(): Memory {
  const keeping = memory();
  const input = [{ role: "user", content: "q" }];
  keeping.keep({ id: "resp_1", previous: undefined, response: "{}", input, output: [ANSWER] });
  return keeping;
}

function refused(fields: JsonRecord, keeping?: Memory): JsonRecord {
  try {
    read(fields, keeping);
  } catch (thrown) {
    const { status, body } = openaiError(Failure.from(thrown));
    const { error } = JSON.parse(body) as { error: JsonRecord };
    return { status, ...error };
  }
  throw new Error("it was not refused");
}

describe("a request", () => {
  test("of its own dialect keeps the client's bytes", () => {
    const body = readObject(new TextEncoder().encode('{ "input" : "hi",  "later":1, "model":"m" }'));
    const request = responsesApi(memory()).read(body, "req-1", new Headers());
    expect(request).toMatchObject({
      dialect: "openai-responses",
      answerDialect: "openai-responses",
      model: "m",
    });
    expect(request.body).toBe(body);
  });

  test("that goes on from another has all of the conversation in its input, and its own body as it was", () => {
    const { body, prompt } = read({ previous_response_id: "resp_1", input: "more", later: 1 }, withOne());
    expect(body.value("input")).toEqual([
      { role: "user", content: "q" },
      ANSWER,
      { type: "message", role: "user", content: [{ type: "input_text", text: "more" }] },
    ]);
    expect(body.value("later")).toBe(1);
    expect(prompt().items).toMatchObject([
      { role: "user" },
      { role: "assistant" },
      { role: "user", at: "input" },
    ]);
  });

  test("may refer to an item of any earlier response", () => {
    const input = [
      { type: "item_reference", id: "msg_1" },
      { type: "item_reference", id: "no" },
    ];
    const { body, prompt } = read({ input }, withOne());
    expect(body.value("input")).toEqual([ANSWER, input[1]]);
    expect(prompt()).toMatchObject({
      items: [{ role: "assistant", at: "input[0]" }],
      notes: [{ field: "input[1]" }],
    });
  });

  test("may go on without an input of its own", () => {
    expect(read({ previous_response_id: "resp_1" }, withOne()).body.value("input")).toHaveLength(2);
  });

  test("may be large: then only its outline is checked", () => {
    const large = "x".repeat(70_000);
    expect(read({ input: large }).prompt().items).toHaveLength(1);
    expect(refused({ input: 7, instructions: large })).toMatchObject({ status: 400, param: "input" });
  });

  test("is liberal in what OpenAI is strict about", () => {
    const fields = {
      input: "hi",
      max_output_tokens: 1,
      stream: null,
      tools: null,
      text: null,
      tool_choice: null,
    };
    expect(read({ ...fields, prompt_cache_key: "k", client_metadata: {} }).prompt()).toMatchObject({
      maxOutput: 1,
      notes: [],
    });
  });
});

describe("a request is refused", () => {
  const gone = { status: 400, type: "invalid_request_error", code: "previous_response_not_found" };

  test("for a response that is not there, or not there any more", () => {
    expect(refused({ previous_response_id: "resp_0", input: "hi" })).toMatchObject({
      ...gone,
      param: "previous_response_id",
      message: expect.stringContaining("resp_0"),
    });
  });

  test.each<[string, JsonRecord, JsonRecord]>([
    ["background", { input: "hi", background: true }, { code: "unsupported_parameter", param: "background" }],
    [
      "two pasts",
      { input: "hi", conversation: "c", previous_response_id: "resp_1" },
      { code: null, param: "previous_response_id" },
    ],
    ["no input", {}, { message: "Missing required parameter: 'input'.", param: "input" }],
    ["an input that is none", { input: 7 }, { param: "input" }],
    ["an item that is none", { input: ["x"] }, { param: "input[0]" }],
    ["a wrong type", { input: "hi", max_output_tokens: "5" }, { param: "max_output_tokens" }],
  ])("for %s", (_, fields, error) => {
    expect(refused(fields, withOne())).toMatchObject({ status: 400, ...error });
  });
});

describe("the list of input items", () => {
  const INPUT = JSON.stringify([
    { role: "user", content: "q" },
    { type: "function_call", id: "fc_1", call_id: "c", name: "f", arguments: "{}" },
    { role: "assistant", content: "a" },
  ]);
  const list = (query: string) =>
    JSON.parse(writeInputItems("resp_x", INPUT, new URLSearchParams(query))) as {
      data: JsonRecord[];
    } & JsonRecord;

  test("is newest first, each with an id and in its long form", () => {
    expect(list("")).toMatchObject({
      object: "list",
      data: [
        { id: "msg_xi2", type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] },
        { id: "fc_1" },
        { id: "msg_xi0", type: "message", role: "user", content: [{ type: "input_text", text: "q" }] },
      ],
      first_id: "msg_xi2",
      last_id: "msg_xi0",
      has_more: false,
    });
  });

  test("comes in pages", () => {
    const first = list("limit=2&order=asc");
    expect(first).toMatchObject({ data: [{ id: "msg_xi0" }, { id: "fc_1" }], has_more: true });
    expect(list("limit=2&order=asc&after=fc_1")).toMatchObject({
      data: [{ id: "msg_xi2" }],
      has_more: false,
    });
    expect(list("after=msg_xi0")).toMatchObject({ data: [], first_id: null, last_id: null, has_more: false });
  });

  test.each(["limit=0", "limit=101", "limit=x", "limit=-1", "order=up", "after=nothing"])(
    "refuses %s",
    (query) => {
      expect(() => list(query)).toThrow(expect.objectContaining({ code: "invalid_request" }));
    },
  );
});
