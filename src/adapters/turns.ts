import type { Item, MessageItem } from "../core/prompt.ts";

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

/** A conversation without the instructions that stand first, for dialects that have a place of their own for those. */
export function withoutLead(items: readonly Item[]): { lead: MessageItem[]; rest: Item[] } {
  const lead: MessageItem[] = [];
  for (const item of items) {
    if (!isInstruction(item)) break;
    lead.push(item);
  }
  return { lead, rest: items.slice(lead.length) };
}

/** What nobody in the conversation says. */
export function isInstruction(item: Item): item is MessageItem {
  return item.type === "message" && item.role === "system";
}

function roleOf(item: Item): Turn["role"] {
  if (item.type === "message") return item.role;
  return item.type === "result" ? "user" : "assistant";
}
