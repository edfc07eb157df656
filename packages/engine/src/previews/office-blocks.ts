import type { DocumentBlock, TableSheet } from "@bureau/protocol";
import type { OfficeContentNode } from "officeparser";

/** What is shown of one file. */
const MAX_BLOCKS = 5_000;
const MAX_CHARACTERS = 1_000_000;
const MAX_BLOCK_CHARACTERS = 20_000;
const MAX_DEPTH = 40;
const MAX_SHEETS = 50;
const MAX_ROWS = 2_000;
const MAX_COLUMNS = 200;
const MAX_CELL_CHARACTERS = 1_000;

export interface DocumentContent {
  blocks: DocumentBlock[];
  truncated: boolean;
}

export interface TableContent {
  sheets: TableSheet[];
  truncated: boolean;
}

/** What is left of the limits, over a whole file. */
class Room {
  blocks: DocumentBlock[] = [];
  truncated = false;
  #characters = MAX_CHARACTERS;

  get isFull(): boolean {
    return this.#characters <= 0 || this.blocks.length >= MAX_BLOCKS;
  }

  /** The text as far as there is room. */
  take(text: string, max: number): string {
    const plain = clean(text);
    const kept = plain.slice(0, Math.max(0, Math.min(max, this.#characters)));
    if (kept.length < plain.length) this.truncated = true;
    this.#characters -= kept.length + 1;
    return kept.toWellFormed();
  }

  add(block: DocumentBlock): void {
    if (this.isFull) this.truncated = true;
    else this.blocks.push(block);
  }
}

/** The text of a document as a list of blocks: no styles, links, pictures or fields of it. */
export function documentContent(nodes: readonly OfficeContentNode[]): DocumentContent {
  const room = new Room();
  addNodes(room, nodes, 0);
  return { blocks: room.blocks, truncated: room.truncated };
}

function addNodes(room: Room, nodes: readonly OfficeContentNode[], depth: number): void {
  let [pages, slides] = [0, 0];
  for (const node of nodes) {
    if (room.isFull || depth > MAX_DEPTH) {
      room.truncated = true;
      return;
    }
    if (node.type === "slide") {
      slides += 1;
      room.add({ type: "page_break", title: `Slide ${node.metadata?.slideNumber ?? slides}` });
    } else if (node.type === "page") {
      pages += 1;
      room.add({ type: "page_break", title: `Page ${node.metadata?.pageNumber ?? pages}` });
    }
    addNode(room, node, depth);
  }
}

/** Nodes that hold blocks, and are none themselves. Masters and what stands on each page are left out. */
const CONTAINERS: ReadonlySet<string> = new Set(["slide", "page", "sheet", "admonition", "definitionList", "drawing"]);
const LEFT_OUT: ReadonlySet<string> = new Set([
  "header",
  "footer",
  "slideMaster",
  "comment",
  "image",
  "chart",
  "embed",
]);

function addNode(room: Room, node: OfficeContentNode, depth: number): void {
  if (LEFT_OUT.has(node.type)) return;
  if (CONTAINERS.has(node.type)) return addNodes(room, node.children ?? [], depth + 1);
  switch (node.type) {
    case "heading":
      return addText(room, node, (text) => ({ type: "heading", level: levelOf(node.metadata?.level), text }));
    case "list":
      return addItem(room, node);
    case "table":
      return room.add({ type: "table", rows: tableRows(room, node) });
    case "break":
      if (node.metadata?.breakType === "page") room.add({ type: "page_break", title: null });
      return;
    default:
      if (node.children?.some((child) => child.type === "break" && child.metadata?.breakType === "page"))
        room.add({ type: "page_break", title: null });
      return addText(room, node, (text) => ({ type: "paragraph", text }));
  }
}

function addText(room: Room, node: OfficeContentNode, make: (text: string) => DocumentBlock): void {
  const text = room.take(textOf(node).trim(), MAX_BLOCK_CHARACTERS);
  if (text !== "") room.add(make(text));
}

/** Entries of one list are told one by one: those that follow each other are put together. */
function addItem(room: Room, node: Extract<OfficeContentNode, { type: "list" }>): void {
  const text = room.take(textOf(node).trim(), MAX_BLOCK_CHARACTERS);
  if (text === "") return;
  const ordered = node.metadata?.listType === "ordered";
  const item = { depth: Math.min(20, Math.max(0, Math.trunc(node.metadata?.indentation ?? 0) || 0)), text };
  const last = room.blocks.at(-1);
  if (last?.type === "list" && (last.ordered === ordered || item.depth > 0)) last.items.push(item);
  else room.add({ type: "list", ordered, items: [item] });
}

function tableRows(room: Room, table: OfficeContentNode): string[][] {
  const rows = (table.children ?? []).filter((child) => child.type === "row");
  if (rows.length > MAX_ROWS) room.truncated = true;
  return rows.slice(0, MAX_ROWS).map((row) => {
    const cells = row.children ?? [];
    if (cells.length > MAX_COLUMNS) room.truncated = true;
    return cells.slice(0, MAX_COLUMNS).map((cell) => room.take(textOf(cell).trim(), MAX_CELL_CHARACTERS));
  });
}

/** Cells of spreadsheets, as text in their places. */
export function tableContent(nodes: readonly OfficeContentNode[]): TableContent {
  const room = new Room();
  const sheets: TableSheet[] = [];
  const found = nodes.filter((node) => node.type === "sheet");
  for (const node of found.slice(0, MAX_SHEETS)) {
    const before = room.truncated;
    room.truncated = false;
    const rows = sheetRows(room, node);
    sheets.push({ name: room.take(node.metadata?.sheetName ?? "", 200), rows, truncated: room.truncated });
    room.truncated ||= before;
  }
  return { sheets, truncated: room.truncated || found.length > MAX_SHEETS };
}

function sheetRows(room: Room, sheet: OfficeContentNode): string[][] {
  const rows: string[][] = [];
  for (const node of sheet.children ?? []) {
    if (node.type !== "row") continue;
    if (rows.length >= MAX_ROWS || room.isFull) {
      room.truncated = true;
      break;
    }
    const row: string[] = [];
    for (const cell of node.children ?? []) {
      if (cell.type !== "cell") continue;
      const column = cell.metadata?.col ?? row.length;
      if (column >= MAX_COLUMNS) {
        room.truncated = true;
        continue;
      }
      while (row.length < column) row.push("");
      row[column] = room.take(textOf(cell), MAX_CELL_CHARACTERS);
    }
    rows.push(row);
  }
  return rows;
}

/** The text of a node, which is that of its children where it has none of its own. */
function textOf(node: OfficeContentNode, depth = 0): string {
  if (typeof node.text === "string" && node.text !== "") return node.text;
  if (depth > MAX_DEPTH) return "";
  const separator = node.type === "cell" || node.type === "list" ? "\n" : "";
  return (node.children ?? []).map((child) => textOf(child, depth + 1)).join(separator);
}

function levelOf(level: number | undefined): number {
  return Math.min(6, Math.max(1, Math.trunc(level ?? 1) || 1));
}

/** Without characters that no text can hold. */
function clean(text: string): string {
  return text.replaceAll("\0", "");
}
