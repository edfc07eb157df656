import type { Terminal } from "../terminal.ts";
import { cutText, paint, textWidth } from "./text.ts";

const GAP = 2;
const MIN_FLEXIBLE = 12;

export interface Column<Row> {
  title: string;
  value(row: Row): string;
  /** Shortened first when the table is wider than the terminal. One column of a table. */
  flexible?: boolean;
}

/** Rows in aligned columns that fit the terminal's width; where there is no terminal nothing is cut. */
export function renderTable<Row>(terminal: Terminal, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row).replace(/\s+/g, " ").trim()));
  const widths = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[index] ?? ""))),
  );
  const flexible = columns.findIndex((column) => column.flexible === true);
  if (terminal.columns !== null && flexible >= 0) {
    const others = widths.reduce(
      (sum, each, index) => (index === flexible ? sum : sum + each),
      GAP * (columns.length - 1),
    );
    const room = Math.max(MIN_FLEXIBLE, terminal.columns - others);
    widths[flexible] = Math.min(widths[flexible] ?? room, room);
  }
  const line = (values: readonly string[]) =>
    values
      .map((value, index) =>
        pad(cutText(value, widths[index] ?? 0), index === values.length - 1 ? 0 : (widths[index] ?? 0) + GAP),
      )
      .join("")
      .trimEnd();
  const heading = paint(terminal, "dim", line(columns.map((column) => column.title)));
  return `${[heading, ...cells.map(line)].join("\n")}\n`;
}

function pad(text: string, room: number): string {
  return text + " ".repeat(Math.max(0, room - textWidth(text)));
}
