import { describe, expect, test } from "bun:test";
import { logSink } from "../../src/server/log-sink.ts";
import type { Send } from "../../src/server/log-sink.ts";

/** A standard error whose every write is answered by hand. */
function scripted() {
  const sent: string[] = [];
  const open: { size: number; done: Parameters<Send>[1] }[] = [];
  const waiters: (() => void)[] = [];
  const send: Send = (bytes, done) => {
    sent.push(Buffer.from(bytes).toString());
    open.push({ size: bytes.length, done });
    waiters.shift()?.();
  };
  /** Waits for a write if none is open, then answers it. */
  const answer = async (error: { code?: string } | null = null, written?: number) => {
    if (open.length === 0) await new Promise<void>((wake) => waiters.push(wake));
    const write = open.shift();
    write?.done(error, written ?? write.size);
  };
  return { sent, send, answer };
}

test("lines of one moment go out together, and in order", async () => {
  const { sent, send, answer } = scripted();
  const sink = logSink(send, true);
  sink.write("one");
  sink.write("two");
  await answer();
  await sink.flush();
  expect(sent).toEqual(["one\ntwo\n"]);
});

test("lines that come during a write wait for the next", async () => {
  const { sent, send, answer } = scripted();
  const sink = logSink(send, true);
  sink.write("one");
  const first = sink.flush();
  sink.write("two");
  sink.write("three");
  await answer();
  await answer();
  await first;
  expect(sent).toEqual(["one\n", "two\nthree\n"]);
});

test("a write that took a part, or none for the moment, is gone on with", async () => {
  const { sent, send, answer } = scripted();
  const sink = logSink(send, true);
  sink.write("abcdef");
  await answer(null, 2);
  await answer({ code: "EAGAIN" }, 0);
  await answer();
  await sink.flush();
  expect(sent).toEqual(["abcdef\n", "cdef\n", "cdef\n"]);
});

test("a closed standard error silences the log and nothing else", async () => {
  const { sent, send, answer } = scripted();
  const sink = logSink(send, true);
  sink.write("one");
  await answer({ code: "EPIPE" }, 0);
  sink.write("two");
  await sink.flush();
  expect(sent).toEqual(["one\n"]);
});

describe("a reader that does not read", () => {
  test.each([true, false])(
    "costs a bounded amount of memory, and hears later how much it missed (json: %p)",
    async (json) => {
      const { sent, send, answer } = scripted();
      const sink = logSink(send, json);
      sink.write("first");
      const flushed = sink.flush(60_000);
      const line = "x".repeat(1000);
      for (let i = 0; i < 5000; i++) sink.write(line);
      await answer();
      await answer();
      await flushed;
      const lines = (sent[1] ?? "").trimEnd().split("\n");
      const kept = lines.length - 1;
      expect(kept).toBeGreaterThan(1000);
      expect(kept).toBeLessThan(1050);
      const last = lines.at(-1) ?? "";
      expect(last).toContain(String(5000 - kept));
      expect(last.startsWith("{")).toBe(json);
    },
  );

  test("holds up the end of the program for a bounded time only", async () => {
    const { send } = scripted();
    const sink = logSink(send, true);
    sink.write("one");
    await sink.flush(1);
  });
});

test("a process whose standard error is closed lives on, with the real thing", async () => {
  const module = JSON.stringify(new URL("../../src/server/log-sink.ts", import.meta.url).pathname);
  const script = `
    const { stderrSink } = await import(${module});
    const sink = stderrSink(true);
    await Bun.stdin.text();
    sink.write("into nothing");
    await sink.flush();
    sink.write("and more");
    await sink.flush();
    process.stdout.write("alive");
  `;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  await child.stderr.cancel();
  await child.stdin.end();
  expect(await child.stdout.text()).toBe("alive");
  expect(await child.exited).toBe(0);
});
