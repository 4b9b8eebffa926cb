import { afterEach, describe, expect, jest, test } from "bun:test";
import { Failure } from "../../src/core/failure.ts";
import { type Release, Slots } from "../../src/pipeline/slots.ts";

const never = new AbortController().signal;

/** Of those who may wait longer than their test. */
let leaving = new AbortController();
afterEach(() => {
  leaving.abort();
  leaving = new AbortController();
});

/** Asks for a slot and says in `order` when it has it; leaves with the test. */
function ask(slots: Slots, order: string[], name: string, signal = leaving.signal): Promise<Release> {
  const entered = slots.acquire(signal).then((release) => {
    order.push(name);
    return release;
  });
  entered.catch(() => {});
  return entered;
}

/** Everything that follows from what has happened has happened. */
const quiet = () => new Promise((resolve) => setImmediate(resolve));

test("as many as the limit says get a slot at once, the others in order of arrival", async () => {
  const slots = new Slots(() => 2);
  const order: string[] = [];
  const [a, b] = await Promise.all([ask(slots, order, "a"), ask(slots, order, "b")]);
  void ask(slots, order, "c");
  void ask(slots, order, "d");
  await quiet();
  expect([order, slots.busy]).toEqual([["a", "b"], 2]);
  b();
  await quiet();
  expect([order, slots.busy]).toEqual([["a", "b", "c"], 2]);
  a();
  await quiet();
  expect([order, slots.busy]).toEqual([["a", "b", "c", "d"], 2]);
});

test("a newcomer does not take the slot from the one whose turn it is", async () => {
  const slots = new Slots(() => 1);
  const order: string[] = [];
  const release = await ask(slots, order, "a");
  void ask(slots, order, "b");
  release();
  void ask(slots, order, "c");
  await quiet();
  expect([order, slots.busy]).toEqual([["a", "b"], 1]);
});

test("a slot given back twice is given back once", async () => {
  const slots = new Slots(() => 2);
  const release = await slots.acquire(never);
  await slots.acquire(never);
  release();
  release();
  expect(slots.busy).toBe(1);
});

describe("the limit may change while requests wait", () => {
  test("when it grows, those who wait come before newcomers, as many as there is room for", async () => {
    let limit = 1;
    const slots = new Slots(() => limit);
    const order: string[] = [];
    void ask(slots, order, "a");
    for (const name of ["b", "c", "d"]) void ask(slots, order, name);
    await quiet();
    limit = 3;
    void ask(slots, order, "e");
    await quiet();
    expect([order, slots.busy]).toEqual([["a", "b", "c"], 3]);
  });

  test("when it shrinks, slots are not given on until there is room again", async () => {
    let limit = 2;
    const slots = new Slots(() => limit);
    const order: string[] = [];
    const [a, b] = await Promise.all([ask(slots, order, "a"), ask(slots, order, "b")]);
    void ask(slots, order, "c");
    limit = 1;
    a();
    await quiet();
    expect(order).toEqual(["a", "b"]);
    b();
    await quiet();
    expect([order, slots.busy]).toEqual([["a", "b", "c"], 1]);
  });
});

describe("a client that leaves", () => {
  const cancelled = expect.objectContaining({ code: "cancelled" });

  test("while waiting is out of the queue at once", async () => {
    const slots = new Slots(() => 1);
    const order: string[] = [];
    const release = await ask(slots, order, "a");
    const client = new AbortController();
    const b = ask(slots, order, "b", client.signal);
    void ask(slots, order, "c");
    client.abort();
    await expect(b).rejects.toEqual(cancelled);
    release();
    await quiet();
    expect([order, slots.busy]).toEqual([["a", "c"], 1]);
  });

  test("before it asked never waits, nor takes a slot", async () => {
    const slots = new Slots(() => 1);
    await expect(slots.acquire(AbortSignal.abort())).rejects.toEqual(cancelled);
    await slots.acquire(never);
    await expect(slots.acquire(AbortSignal.abort())).rejects.toEqual(cancelled);
    expect(slots.busy).toBe(1);
  });

  test("after its turn came has no more to do with the queue", async () => {
    const slots = new Slots(() => 1);
    const client = new AbortController();
    const release = await slots.acquire(never);
    const next = slots.acquire(client.signal);
    release();
    client.abort();
    (await next)();
    expect(slots.busy).toBe(0);
  });
});

describe("the queue is bounded", () => {
  const overloaded = expect.objectContaining({ code: "overloaded", detail: { retryAfter: "5" } });

  test("256 may wait; the next one is told at once", async () => {
    const slots = new Slots(() => 1);
    const client = new AbortController();
    await slots.acquire(never);
    const waiting = Array.from({ length: 256 }, () => slots.acquire(client.signal));
    await expect(slots.acquire(never)).rejects.toEqual(overloaded);
    client.abort();
    const ends = await Promise.allSettled(waiting);
    expect(ends.every(({ status }) => status === "rejected")).toBe(true);
  });

  test("and so is the wait: 30 s", async () => {
    jest.useFakeTimers();
    try {
      const slots = new Slots(() => 1);
      const release = await slots.acquire(never);
      const late = slots.acquire(never).catch((thrown: unknown) => thrown);
      jest.advanceTimersByTime(29_999);
      const later = slots.acquire(never);
      jest.advanceTimersByTime(1);
      expect(await late).toEqual(overloaded);
      expect(await late).toBeInstanceOf(Failure);
      release();
      expect(await later).toBeFunction();
      expect(slots.busy).toBe(1);
    } finally {
      jest.useRealTimers();
    }
  });
});
