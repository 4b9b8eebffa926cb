import { printable } from "../server/printable.ts";

/**
 * Rows of cells as aligned text, two spaces between columns, each row ending in a line feed and none in a space. Cells
 * come from config and backends: what could move a terminal's cursor is replaced.
 */
export function table(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => printable(cell)));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Bun.stringWidth(cell));
    });
  }
  const toWidth = (cell: string, column: number) =>
    cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell));
  return clean.map((row) => `${row.map(toWidth).join("  ").trimEnd()}\n`).join("");
}
