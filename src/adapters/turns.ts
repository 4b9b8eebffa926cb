import type { Item } from "../core/prompt.ts";

/** What one side says before the other answers. What tools answered counts as said by the user. */
export interface Turn {
  role: "system" | "user" | "assistant";
  items: Item[];
}

/** A conversation in turns: neighbouring items of one side are one turn, in their order. */
export function turnsOf(items: readonly Item[]): Turn[] {
  const turns: Turn[] = [];
  for (const item of items) {
    const role = roleOf(item);
    const last = turns.at(-1);
    if (last?.role === role) last.items.push(item);
    else turns.push({ role, items: [item] });
  }
  return turns;
}

function roleOf(item: Item): Turn["role"] {
  if (item.type === "message") return item.role;
  return item.type === "result" ? "user" : "assistant";
}
