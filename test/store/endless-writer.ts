import { open, response } from "./shelf.ts";

/** Stores one response after another in the directory it is given, and says the id of each once it is stored; never ends. */
const { store } = open(process.argv[2] ?? "");
for (let n = 0; ; n++) {
  const kept = store.put("a", response(`r${n}`, n > 0 ? `r${n - 1}` : undefined, "x".repeat(n % 5000)));
  if (!kept) throw new Error("it could not be stored");
  process.stdout.write(`r${n}\n`);
}
