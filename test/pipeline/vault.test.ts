import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../src/core/event.ts";
import type { Opaque } from "../../src/core/opaque.ts";
import { Vault, type VaultLimits } from "../../src/pipeline/vault.ts";
import { VaultRecorder } from "../../src/pipeline/vault-recorder.ts";
import { answers, calls, says, thinks } from "./prompts.ts";

const signature: Opaque = { issuer: "anthropic", kind: "signature", data: "s1" };
const redacted: Opaque = { issuer: "anthropic", kind: "redacted", data: "r1" };
const thoughtSignature: Opaque = { issuer: "gemini", kind: "thought", data: "t1" };

const start = (id: string, opaque?: Opaque[], choice = 0): StreamEvent => ({
  type: "tool-start",
  choice,
  part: 9,
  call: 0,
  id,
  name: "now",
  kind: "function",
  ...(opaque ? { opaque } : {}),
});

/** A part of an answer. */
function part(kind: "text" | "reasoning", words: string, opaque: Opaque[] = []): StreamEvent[] {
  return [
    { type: "part-start", choice: 0, part: 0, kind },
    ...[...words].map((piece): StreamEvent => ({ type: kind, choice: 0, text: piece })),
    ...opaque.map((one): StreamEvent => ({ type: "opaque", choice: 0, opaque: one })),
    { type: "part-end", choice: 0, part: 0 },
  ];
}

/** A vault that has seen these answers. */
function vaultOf(answersSeen: StreamEvent[][], limits: Partial<VaultLimits> = {}): Vault {
  const vault = new Vault(limits);
  for (const said of answersSeen) {
    const recorder = new VaultRecorder(vault, "me");
    for (const event of said) recorder.see([event]);
  }
  return vault;
}

const sealed = thinks({ text: "hm", opaque: [signature], at: calls().at });

describe("reasoning that stood before a call comes back before it", () => {
  const vault = vaultOf([
    [...part("reasoning", "hm", [signature]), ...part("text", "One moment."), start("c1")],
  ]);

  test("at the beginning of its turn", () => {
    const items = [says("user", "?"), says("assistant", "One moment."), calls(), answers()];
    expect(vault.giveBack("me", items, "anthropic")).toEqual([
      says("user", "?"),
      sealed,
      says("assistant", "One moment."),
      calls(),
      answers(),
    ]);
  });

  test("as often as it is asked for", () => {
    for (let turn = 0; turn < 3; turn += 1)
      expect(vault.giveBack("me", [calls()], "anthropic")).toEqual([sealed, calls()]);
  });

  test("to its issuer alone: nobody else could read it", () => {
    const items = [calls()];
    for (const dialect of ["gemini", "openai", "openai-responses", "ollama"] as const)
      expect(vault.giveBack("me", items, dialect)).toBe(items);
  });

  test("to its owner alone, whoever else names the same call", () => {
    const items = [calls()];
    expect(vault.giveBack("somebody else", items, "anthropic")).toBe(items);
  });

  test("in place of the same words without their state", () => {
    expect(vault.giveBack("me", [thinks({ text: "hm" }), calls()], "anthropic")).toEqual([sealed, calls()]);
  });

  test("unless the client kept it itself", () => {
    const items = [thinks({ text: "hm", opaque: [signature] }), calls()];
    expect(vault.giveBack("me", items, "anthropic")).toBe(items);
  });

  test("only for the same call: its id and its name", () => {
    const items = [calls({ id: "c2" }), calls({ name: "then" })];
    expect(vault.giveBack("me", items, "anthropic")).toBe(items);
  });
});

test("reasoning that came after words stays after them", () => {
  const vault = vaultOf([[...part("text", "Well."), ...part("reasoning", "hm", [signature]), start("c1")]]);
  expect(vault.giveBack("me", [says("assistant", "Well."), calls()], "anthropic")).toEqual([
    says("assistant", "Well."),
    sealed,
    calls(),
  ]);
});

test("every call of a turn has its own: what was thought since the call before", () => {
  const vault = vaultOf([
    [
      ...part("reasoning", "hm", [signature]),
      start("c1"),
      start("c2"),
      ...part("reasoning", "", [redacted]),
      start("c3"),
    ],
  ]);
  const items = ["c1", "c2", "c3"].map((id) => calls({ id }));
  expect(vault.giveBack("me", items, "anthropic")).toEqual([
    sealed,
    calls({ id: "c1" }),
    calls({ id: "c2" }),
    thinks({ opaque: [redacted], at: calls().at }),
    calls({ id: "c3" }),
  ]);
});

test("the ids that a vendor gave its reasoning come back with it", () => {
  const encrypted: Opaque = { issuer: "openai-responses", kind: "encrypted", data: "e" };
  const [begin, ...rest] = part("reasoning", "hm", [encrypted]);
  const vault = vaultOf([[{ ...begin, id: "rs_1" } as StreamEvent, ...rest, start("c1")]]);
  expect(vault.giveBack("me", [calls()], "openai-responses")).toEqual([
    thinks({ text: "hm", opaque: [encrypted], id: "rs_1", at: calls().at }),
    calls(),
  ]);
});

describe("state on the call itself (Gemini)", () => {
  const vault = vaultOf([[...part("reasoning", "hm"), start("c1", [thoughtSignature]), start("c2")]]);

  test("comes back on it, and on no other", () => {
    expect(vault.giveBack("me", [calls(), calls({ id: "c2" })], "gemini")).toEqual([
      calls({ opaque: [thoughtSignature] }),
      calls({ id: "c2" }),
    ]);
  });

  test("is not doubled where the client kept it", () => {
    const items = [calls({ opaque: [thoughtSignature] })];
    expect(vault.giveBack("me", items, "gemini")).toBe(items);
  });
});

test("state of the text is not taken for the reasoning's", () => {
  const vault = vaultOf([
    [...part("reasoning", "hm"), ...part("text", "a", [thoughtSignature]), start("c1")],
  ]);
  const items = [calls()];
  expect(vault.giveBack("me", items, "gemini")).toBe(items);
});

test("two choices of one answer are kept apart", () => {
  const vault = vaultOf([[...part("reasoning", "hm", [signature]), start("c9", undefined, 1), start("c1")]]);
  expect(vault.giveBack("me", [calls({ id: "c9" })], "anthropic")).toHaveLength(1);
  expect(vault.giveBack("me", [calls()], "anthropic")).toHaveLength(2);
});

test("reasoning that is too long to be kept whole is not kept at all", () => {
  const long: StreamEvent = { type: "reasoning", choice: 0, text: "x".repeat(600_000) };
  const [begin, ...end] = part("reasoning", "", [signature]);
  if (!begin) throw new Error("no part");
  expect(vaultOf([[begin, long, ...end, start("c1")]]).giveBack("me", [calls()], "anthropic")).toHaveLength(
    2,
  );
  expect(
    vaultOf([[begin, long, long, ...end, start("c1")]]).giveBack("me", [calls()], "anthropic"),
  ).toHaveLength(1);
});

describe("what is kept is bounded", () => {
  const answer = (id: string, size = 1) => [start(id, [{ ...thoughtSignature, data: "t".repeat(size) }])];
  const isHeld = (vault: Vault, id: string) =>
    vault
      .giveBack("me", [calls({ id })], "gemini")
      .some((item) => item.type === "call" && item.opaque.length > 0);
  const held = (vault: Vault, ids: string[]) => ids.filter((id) => isHeld(vault, id));

  test("in entries: the one that was used least lately goes first", () => {
    const vault = vaultOf([answer("a"), answer("b")], { entries: 2 });
    vault.giveBack("me", [calls({ id: "a" })], "gemini");
    new VaultRecorder(vault, "me").see(answer("c"));
    expect(held(vault, ["a", "b", "c"])).toEqual(["a", "c"]);
  });

  test("in size, and what alone is too large is not kept", () => {
    const vault = vaultOf([answer("a", 400), answer("b", 400), answer("c", 400), answer("d", 2000)], {
      size: 1000,
    });
    expect(held(vault, ["a", "b", "c", "d"])).toEqual(["b", "c"]);
  });

  test("in time: an hour", () => {
    let now = 0;
    const vault = vaultOf([answer("a")], { now: () => now });
    now = 3_599_999;
    expect(held(vault, ["a"])).toEqual(["a"]);
    now = 3_600_000;
    expect(held(vault, ["a"])).toEqual([]);
  });

  test("also where one call is kept again and again", () => {
    const vault = vaultOf([answer("b", 300), ...Array.from({ length: 50 }, () => answer("a", 300))], {
      size: 1000,
    });
    expect(held(vault, ["a", "b"])).toEqual(["a", "b"]);
  });
});
