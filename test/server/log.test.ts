import { describe, expect, test } from "bun:test";
import type { LogLevel } from "../../src/config/config.ts";
import { Failure } from "../../src/core/failure.ts";
import { createLog } from "../../src/server/log.ts";
import type { Log, LogOptions, RequestLine } from "../../src/server/log.ts";

const NOON = new Date(2026, 0, 2, 12, 3, 4);

function logged(use: (log: Log) => void, options: Partial<LogOptions> = {}): string[] {
  const lines: string[] = [];
  use(
    createLog({ level: "debug", json: true, write: (line) => lines.push(line), now: () => NOON, ...options }),
  );
  return lines;
}

const DONE: RequestLine = {
  id: "req_1",
  method: "POST",
  path: "/v1/chat/completions",
  model: "qwen3-8b",
  backend: "gpu",
  stream: true,
  status: 200,
  outcome: "ok",
  ttftMs: 84.96,
  durationMs: 1234.5678,
  inputTokens: 12,
  outputTokens: 340,
  notes: "dropped:n",
};

describe("a line for machines", () => {
  test("is one JSON object with every fact of the request", () => {
    const [line = ""] = logged((log) => log.request(DONE));
    expect(JSON.parse(line)).toEqual({
      time: NOON.toISOString(),
      level: "info",
      message: "request",
      id: "req_1",
      method: "POST",
      path: "/v1/chat/completions",
      model: "qwen3-8b",
      backend: "gpu",
      stream: true,
      status: 200,
      outcome: "ok",
      ttft_ms: 85,
      duration_ms: 1234.6,
      input_tokens: 12,
      output_tokens: 340,
      notes: "dropped:n",
    });
  });

  test("leaves out what is not known, and marks tokens that were estimated", () => {
    const [line = ""] = logged((log) =>
      log.request({ ...DONE, model: undefined, backend: undefined, ttftMs: undefined, estimated: true }),
    );
    const read: unknown = JSON.parse(line);
    expect(read).not.toHaveProperty("model");
    expect(read).not.toHaveProperty("ttft_ms");
    expect(read).toHaveProperty("estimated", true);
  });

  test("carries a message's fields", () => {
    const [line = ""] = logged((log) =>
      log.warn("backend lost", { backend: "gpu", code: "upstream_unreachable" }),
    );
    expect(JSON.parse(line)).toEqual({
      time: NOON.toISOString(),
      level: "warn",
      message: "backend lost",
      backend: "gpu",
      code: "upstream_unreachable",
    });
  });
});

describe("a line for people", () => {
  const text = (line: Partial<RequestLine>, options: Partial<LogOptions> = {}) =>
    logged((log) => log.request({ ...DONE, ...line }), { json: false, ...options })[0];

  test("tells a good request at a glance", () => {
    expect(text({})).toBe(
      "12:03:04 200 POST /v1/chat/completions  qwen3-8b  on gpu  stream  first token 85 ms  1.2 s  12 in 340 out  dropped:n  req_1",
    );
  });

  test("says what became of a bad one", () => {
    expect(
      text({
        status: 502,
        outcome: "failed",
        failure: "upstream_unreachable",
        ttftMs: undefined,
        inputTokens: undefined,
        outputTokens: undefined,
        notes: undefined,
        stream: false,
        durationMs: 12.3,
      }),
    ).toBe(
      "12:03:04 warn 502 POST /v1/chat/completions  failed upstream_unreachable  qwen3-8b  on gpu  12 ms  req_1",
    );
  });

  test("marks estimates, and long durations stay readable", () => {
    const line = text({ estimated: true, durationMs: 125_400 });
    expect(line).toContain("~12 in ~340 out");
    expect(line).toContain("2 min 5 s");
  });

  test("is coloured only when asked, and only where something is wrong", () => {
    expect(text({ outcome: "truncated" }, { colour: true })).toContain("\u001b[33mwarn\u001b[39m");
    expect(text({ outcome: "truncated" })).not.toContain("\u001b");
    expect(text({}, { colour: true })).not.toContain("\u001b");
  });

  test("shows a message's fields as pairs", () => {
    const [line] = logged((log) => log.info("listening", { url: "http://127.0.0.1:7171", models: 3 }), {
      json: false,
    });
    expect(line).toBe("12:03:04 listening  url=http://127.0.0.1:7171  models=3");
  });
});

describe("levels", () => {
  const everything = (log: Log) => {
    log.debug("d");
    log.info("i");
    log.request(DONE);
    log.request({ ...DONE, outcome: "rejected", status: 400 });
    log.request({ ...DONE, outcome: "cancelled", status: 499 });
    log.warn("w");
    log.request({ ...DONE, outcome: "failed" });
    log.request({ ...DONE, outcome: "truncated" });
    log.error("e");
    log.request({ ...DONE, outcome: "failed", failure: "internal_error" });
  };
  test.each([
    ["debug", 10],
    ["info", 9],
    ["warn", 5],
    ["error", 2],
    ["silent", 0],
  ] as [LogLevel, number][])("at %s, %d of ten lines are written", (level, count) => {
    expect(logged(everything, { level })).toHaveLength(count);
  });
});

describe("what must never be in a log", () => {
  const CANARY = "canary-4711";
  const both = (use: (log: Log) => void) => [...logged(use), ...logged(use, { json: false })].join("\n");

  test("a query, where some clients put their key", () => {
    const lines = both((log) => log.request({ ...DONE, path: `/v1/models?key=${CANARY}#${CANARY}` }));
    expect(lines).not.toContain(CANARY);
    expect(lines).toContain("/v1/models");
  });

  test("user, password and query of a URL", () => {
    const lines = both((log) =>
      log.info("found", { url: `http://u:${CANARY}@gpu.lan:8080/base?k=${CANARY}` }),
    );
    expect(lines).not.toContain(CANARY);
    expect(lines).toContain("http://gpu.lan:8080/base");
  });

  test("fields nobody allowed", () => {
    const extra = { backend: "gpu", authorization: CANARY, prompt: CANARY };
    const more = { ...DONE, body: CANARY, headers: { authorization: CANARY } };
    expect(both((log) => (log.info("x", extra), log.request(more)))).not.toContain(CANARY);
  });

  test("the words of an error, which may quote a prompt or a key", () => {
    const changed = new Error(`once\n    at ${CANARY} (file.ts:1:1)`);
    // The stack is written when it is first read, with the message of that moment.
    expect(changed.stack).toContain(CANARY);
    changed.message = "changed since";
    const causes = [
      caught(() => JSON.parse(`{"a": ${CANARY}}`)),
      caught(() => new Headers({ authorization: `a\n${CANARY}` })),
      new Error(`first line\n    at ${CANARY} (file.ts:1:1)`),
      new Failure("upstream_rejected", CANARY, { cause: new TypeError(CANARY) }),
      Object.assign(new Error("later"), { message: CANARY }),
      changed,
      CANARY,
      { toString: () => CANARY },
    ];
    for (const cause of causes) {
      const lines = both((log) => (log.error("failed", { cause }), log.request({ ...DONE, cause })));
      expect(lines).not.toContain(CANARY);
    }
  });

  test("a second line, or an order to the terminal, out of a name", () => {
    const model = 'x\n{"level":"error"}\r\u001b[2J\u009b31m\u2028\u202eevil\ud800';
    for (const line of logged((log) => log.request({ ...DONE, model }), { json: false })) {
      expect(line).toMatch(/^[ -~\ufffd]*$/);
    }
    expect(both((log) => log.info("x\ny", { file: model }))).not.toMatch(/[\r\u001b\u009b\u2028\u202e]/);
  });

  test("a name without end", () => {
    for (const line of both((log) =>
      log.request({ ...DONE, model: "m".repeat(1e6), id: "i".repeat(1e6) }),
    ).split("\n")) {
      expect(line.length).toBeLessThan(1000);
    }
  });
});

test("a cause is told by its kinds, codes and places", () => {
  const system = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" });
  const [line = ""] = logged((log) =>
    log.error("probe failed", { cause: new Failure("upstream_unreachable", "no", { cause: system }) }),
  );
  expect(line).toContain("Failure upstream_unreachable; cause: Error ECONNREFUSED at ");
  expect(line).toContain("log.test.ts:");
});

test("a cause that is its own cause ends", () => {
  const circular = new Error("x");
  circular.cause = circular;
  expect(logged((log) => log.error("x", { cause: circular }))).toHaveLength(1);
});

test("a log that cannot be written fails nobody", () => {
  const write = () => {
    throw new Error("EPIPE");
  };
  expect(logged((log) => (log.request(DONE), log.error("x")), { write })).toEqual([]);
});

function caught(fail: () => unknown): unknown {
  try {
    fail();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}
