import type { Feature } from "./features.ts";
import type { Cell } from "./judge.ts";
import type { Client, Host } from "./scene.ts";

const SIGNS: Readonly<Record<Cell["verdict"], string>> = {
  kept: "yes",
  emulated: "emulated",
  lost: "lost",
  "cannot say": "no word",
};

const INTRODUCTION = `# What survives translation

Every client dialect against every host dialect, as \`test/matrix\` finds it: this page is written by that test, and the test
fails when it is not true.

- **yes**: both ends understand the same.
- **emulated**: what was asked for is done by other means; \`x-fairlead-notes\` says so.
- **lost**: the host cannot do it; \`x-fairlead-notes\` says so, and \`[server] strict = true\` makes it an error.
- **no word**: the client's own dialect has no word for it.
`;

/** The page: one table per client, and below it why. */
export function pageOf(
  clients: readonly Client[],
  hosts: readonly Host[],
  features: readonly Feature[],
  cells: ReadonlyMap<string, Cell>,
): string {
  const tables = clients.map((client) => {
    const reasons: string[] = [];
    const rows = features.map(({ name }) => {
      const signs = hosts.map((host) => {
        const cell = cells.get(`${client.name} ${host.name} ${name}`);
        if (!cell) return "?";
        if (cell.verdict === "kept") return SIGNS.kept;
        let at = reasons.indexOf(cell.why);
        if (at === -1) at = reasons.push(cell.why) - 1;
        return `${SIGNS[cell.verdict]} (${at + 1})`;
      });
      return [name, ...signs];
    });
    const table = tableOf(["", ...hosts.map(({ name }) => name)], rows);
    const notes = reasons.map((reason, i) => `${i + 1}. ${reason.includes(":") ? `\`${reason}\`` : reason}`);
    const below = notes.length > 0 ? `\n\n${notes.join("\n")}` : "";
    return `## From ${client.name} to\n\n${table}${below}\n`;
  });
  return `${INTRODUCTION}\n${tables.join("\n")}`;
}

/** A table with its columns in line, as the formatter wants them. */
function tableOf(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((cell, i) =>
    Math.max(3, ...[cell, ...rows.map((row) => row[i] ?? "")].map((text) => text.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [head, widths.map((width) => "-".repeat(width)), ...rows].map(line).join("\n");
}
