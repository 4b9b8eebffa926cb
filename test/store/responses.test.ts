import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, place, response } from "./shelf.ts";

describe("a stored response", () => {
  test("is there again, with its items, after the store was closed and opened", () => {
    using folder = place();
    const { store } = open(folder.path);
    expect(store.put("a", response("r1"))).toBe(true);
    store.close();
    const { store: again, warnings } = open(folder.path);
    expect(again.get("a", "r1")).toMatchObject({
      id: "r1",
      previous: undefined,
      response: '{"id":"r1","text":""}',
    });
    expect(again.item("a", "msg_r1")).toEqual({ id: "msg_r1", role: "assistant", content: "of r1" });
    expect(warnings).toEqual([]);
    again.close();
  });

  test("is its owner's alone: nobody else gets it, deletes it, goes on from it, or takes its id", () => {
    const { store } = open(undefined);
    store.put("a", response("r1"));
    expect(store.get("b", "r1")).toBeUndefined();
    expect(store.item("b", "msg_r1")).toBeUndefined();
    expect(store.history("b", "r1")).toBeUndefined();
    expect(store.delete("b", "r1")).toBe(false);
    store.put("b", response("r1", undefined, "b's"));
    expect(store.get("a", "r1")?.response).not.toContain("b's");
  });

  test("takes its items with it when it is deleted, and the conversations that went on from it", () => {
    const { store } = open(undefined);
    store.put("a", response("r1"));
    store.put("a", response("r2", "r1"));
    expect(store.delete("a", "r1")).toBe(true);
    expect(store.delete("a", "r1")).toBe(false);
    expect(store.item("a", "msg_r1")).toBeUndefined();
    expect(store.history("a", "r2")).toBeUndefined();
    expect(store.get("a", "r2")).toBeDefined();
  });

  test("replaces one of the same id, with its items", () => {
    const { store } = open(undefined);
    store.put("a", response("r1"));
    store.put("a", { ...response("r1"), output: [{ id: "msg_new" }] });
    expect(store.item("a", "msg_r1")).toBeUndefined();
    expect(store.item("a", "msg_new")).toEqual({ id: "msg_new" });
  });
});

describe("a conversation", () => {
  test("is all inputs and outputs up to a response, in order", () => {
    const { store } = open(undefined);
    store.put("a", response("r1"));
    store.put("a", response("r2", "r1"));
    store.put("a", response("other", "r1"));
    store.put("a", response("r3", "r2"));
    const said = store.history("a", "r3")?.map((item) => (item as { content: string }).content);
    expect(said).toEqual(["to r1", "of r1", "to r2", "of r2", "to r3", "of r3"]);
    expect(store.history("a", "none")).toBeUndefined();
  });

  test("that never ends is refused", () => {
    const { store } = open(undefined);
    store.put("a", response("r1", "r2"));
    store.put("a", response("r2", "r1"));
    expect(() => store.history("a", "r1")).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});

describe("what is not used", () => {
  test("is gone when its time is over; every use begins it anew, of the whole conversation", () => {
    const { store, clock } = open(undefined, { ttl: 1000 });
    store.put("a", response("r1"));
    store.put("a", response("r2", "r1"));
    store.put("a", response("unused"));
    clock.now += 900;
    expect(store.history("a", "r2")).toHaveLength(4);
    clock.now += 900;
    expect(store.get("a", "unused")).toBeUndefined();
    expect(store.delete("a", "unused")).toBe(false);
    expect(store.get("a", "r1")).toBeDefined();
    clock.now += 1001;
    expect(store.history("a", "r2")).toBeUndefined();
    expect(store.item("a", "msg_r1")).toBeUndefined();
  });

  test("leaves the file too, as soon as something else is stored", () => {
    using folder = place();
    const { store, clock } = open(folder.path, { ttl: 1000 });
    store.put("a", response("old"));
    clock.now += 100_000;
    store.put("a", response("new"));
    store.close();
    const database = new Database(join(folder.path, "responses.sqlite"), { readonly: true });
    expect(database.query("SELECT id FROM responses").values()).toEqual([["new"]]);
    expect(database.query("SELECT id FROM items").values()).toEqual([["msg_new"]]);
    database.close();
  });

  test("goes first when there is no more room", () => {
    const { store, clock } = open(undefined, { sizeMax: 100_000 });
    for (let n = 0; n < 30; n++) {
      clock.now += 61_000;
      store.put("a", response(`r${n}`, undefined, "x".repeat(10_000)));
      if (n > 0) expect(store.get("a", "r0")).toBeDefined();
    }
    const left = Array.from({ length: 30 }, (_, n) => n).filter((n) => store.get("a", `r${n}`));
    expect(left[0]).toBe(0);
    expect(left.length).toBeWithin(7, 11);
    expect(left.slice(1)).toEqual(left.slice(1).map((_, at) => 30 - left.length + 1 + at));
  });

  test("has to make no room for what is larger than all of it", () => {
    const { store } = open(undefined, { sizeMax: 50_000 });
    store.put("a", response("small"));
    expect(store.put("a", response("huge", undefined, "x".repeat(60_000)))).toBe(false);
    expect(store.get("a", "small")).toBeDefined();
    expect(store.get("a", "huge")).toBeUndefined();
  });
});

describe("the file", () => {
  test("is made at the first use, in a directory for its owner alone, and is its owner's alone too", () => {
    using folder = place();
    const directory = join(folder.path, "deep", "state");
    const { store } = open(directory);
    expect(existsSync(directory)).toBe(false);
    store.put("a", response("r1"));
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
    expect(modes.sort()).toEqual(
      ["responses.sqlite", "responses.sqlite-shm", "responses.sqlite-wal"].map((name) => [name, 0o600]),
    );
    store.close();
    expect(readdirSync(directory)).toEqual(["responses.sqlite"]);
  });

  test("that others could read is closed to them", () => {
    using folder = place();
    const file = join(folder.path, "responses.sqlite");
    writeFileSync(file, "");
    chmodSync(file, 0o644);
    const { store } = open(folder.path);
    store.put("a", response("r1"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    store.close();
  });

  test("is never made where the store is not used", () => {
    using folder = place();
    const { store } = open(join(folder.path, "state"));
    store.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("may be used by two copies of the program at once", () => {
    using folder = place();
    const [one, two] = [open(folder.path).store, open(folder.path).store];
    one.put("a", response("r1"));
    two.put("a", response("r2", "r1"));
    expect(one.history("a", "r2")).toHaveLength(4);
    one.close();
    two.close();
  });
});

describe("without a file there is only the memory, and its owner is told once", () => {
  test("where there is no place for it", () => {
    const { store, warnings } = open(undefined);
    store.put("a", response("r1"));
    store.put("a", response("r2"));
    expect(store.get("a", "r1")).toBeDefined();
    expect(warnings.map(({ message }) => message)).toEqual([
      "responses are kept in memory only, until this server stops: this machine has no place for state",
    ]);
  });

  test.each<[string, (path: string) => void]>([
    ["is no directory", (path) => writeFileSync(path, "")],
    [
      "holds something else",
      (path) => {
        mkdirSync(path);
        writeFileSync(join(path, "responses.sqlite"), "x".repeat(5000));
      },
    ],
    [
      "is of a later program",
      (path) => {
        mkdirSync(path);
        const database = new Database(join(path, "responses.sqlite"));
        database.run("PRAGMA user_version = 99");
        database.close();
      },
    ],
  ])("where the place %s", (_, spoil) => {
    using folder = place();
    const directory = join(folder.path, "state");
    spoil(directory);
    const { store, warnings } = open(directory);
    expect(store.put("a", response("r1"))).toBe(true);
    expect(store.get("a", "r1")).toBeDefined();
    expect(warnings).toMatchObject([
      {
        message: "responses are kept in memory only, until this server stops: their file cannot be used",
        file: join(directory, "responses.sqlite"),
        cause: expect.any(Error),
      },
    ]);
    store.close();
  });
});

test("what cannot be stored is said once, and fails nothing", () => {
  using folder = place();
  const { store, warnings } = open(folder.path);
  store.put("a", response("r1"));
  const other = new Database(join(folder.path, "responses.sqlite"));
  other.run("DROP TABLE items");
  other.close();
  expect(store.put("a", response("r2"))).toBe(false);
  expect(store.put("a", response("r3"))).toBe(false);
  expect(warnings.map(({ message }) => message)).toEqual(["a response could not be stored"]);
  expect(store.get("a", "r2")).toBeUndefined();
  store.close();
});
