import { expect, test } from "bun:test";
import { join } from "node:path";
import { open, place } from "./shelf.ts";

/** How many stored responses the process lives for. */
const LIVES = [1, 7, 40, 300];

test.each(LIVES)("a process that is killed after %i responses has lost none of them", async (life) => {
  using folder = place();
  const command = [process.execPath, join(import.meta.dir, "endless-writer.ts"), folder.path];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  let said = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    said += decoder.decode(bytes, { stream: true });
    // In the middle of whatever it does then.
    if (said.split("\n").length > life) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  // The last line may be half of one.
  const ids = said.split("\n").slice(0, -1);
  expect(ids.length).toBeGreaterThanOrEqual(life);
  const { store, warnings } = open(folder.path);
  expect(store.history("a", ids.at(-1) ?? "")).toHaveLength(2 * ids.length);
  for (const id of ids) expect(store.item("a", `msg_${id}`)).toBeDefined();
  expect(warnings).toEqual([]);
  store.close();
});
