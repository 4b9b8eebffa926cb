import type { CallItem, Item, ResultItem } from "../core/prompt.ts";
import type { Named, Naming } from "./naming.ts";
import { INPUT } from "./tool-list.ts";

/** Earlier calls and their results under the names that the backend knows the tools by. */
export function sentItems(items: readonly Item[], naming: Naming): Item[] {
  const called = new Map<string, Named>();
  return items.map((item) => {
    if (item.type === "call") {
      const sent = naming.sentBefore(named(item));
      called.set(item.id, sent);
      return sentCall(item, sent);
    }
    return item.type === "result" ? sentResult(item, called.get(item.id), naming) : item;
  });
}

/** Nothing was changed: entry by entry the same objects. */
export function isSame<T>(list: readonly T[], other: readonly T[]): boolean {
  return list.length === other.length && list.every((entry, i) => entry === other[i]);
}

function named({ name, namespace, kind }: CallItem): Named {
  return { name, kind, ...(namespace === undefined ? {} : { namespace }) };
}

function sentCall(item: CallItem, { name, namespace, kind }: Named): CallItem {
  if (name === item.name && namespace === item.namespace && kind === item.kind) return item;
  const { namespace: _, ...rest } = item;
  const wrapped = item.kind === "custom" && kind === "function";
  const args = wrapped ? JSON.stringify({ [INPUT]: item.args }) : item.args;
  return { ...rest, name, kind, args, ...(namespace === undefined ? {} : { namespace }) };
}

function sentResult(item: ResultItem, call: Named | undefined, naming: Naming): ResultItem {
  const sent = call ?? (item.name ? naming.sentBefore({ name: item.name, kind: item.kind }) : undefined);
  const kind = sent?.kind ?? item.kind;
  const name = item.name === undefined ? undefined : (sent?.name ?? item.name);
  if (kind === item.kind && name === item.name) return item;
  return { ...item, kind, ...(name === undefined ? {} : { name }) };
}
