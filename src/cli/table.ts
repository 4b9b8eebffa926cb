import { printable } from "../server/printable.ts";

/** Columns that hold numbers and are set to the right, counted from 0. */
export interface TableLayout {
  right?: readonly number[];
}

/**
 * Rows of cells as aligned text, two spaces between columns, each row ending in a line feed and none in a space. Cells
 * come from config and backends: what could move a terminal's cursor is replaced.
 */
export function table(rows: readonly (readonly string[])[], { right = [] }: TableLayout = {}): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell)));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Bun.stringWidth(cell));
    });
  }
  const toWidth = (cell: string, column: number) => {
    const gap = " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell));
    return right.includes(column) ? gap + cell : cell + gap;
  };
  return clean.map((row) => `${row.map(toWidth).join("  ").trimEnd()}\n`).join("");
}
