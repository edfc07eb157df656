import { AppError } from "@bureau/protocol";
import { type Document, isNode, type LineCounter } from "yaml";

export type FieldPath = readonly (string | number)[];

/** Reads fields of a front matter and names line and key of what is wrong. */
export interface FieldReader {
  warnings: string[];
  warn(path: FieldPath, what: string): void;
  /** Throws `invalid`: `name, line 4: checks[0].file must have a path.` */
  fail(path: FieldPath, what: string, hint?: string): never;
  /** The text of a key; null when absent or empty. A list is joined, a number or yes/no is taken as written. */
  text(values: Record<string, unknown>, key: string): string | null;
}

interface FieldFile {
  name: string;
  document: Document;
  lines: LineCounter;
  /** Line of the file on which the document starts: 2 after the `---` of a front matter. */
  firstLine: number;
}

export function fieldReader(file: FieldFile): FieldReader {
  const place = (path: FieldPath) => {
    const line = lineOf(file, path);
    return `${file.name}${line === null ? "" : `, line ${line}`}: ${pathText(path)}`;
  };
  const reader: FieldReader = {
    warnings: [],
    warn: (path, what) => void reader.warnings.push(`${place(path)} ${what}.`),
    fail: (path, what, hint) => {
      throw new AppError("invalid", `${place(path)} ${what}.`, hint === undefined ? {} : { hint });
    },
    text: (values, key) => {
      const value = values[key];
      if (value === null || value === undefined) return null;
      const parts = (Array.isArray(value) ? value : [value]).map((entry) => scalarText(entry));
      if (parts.includes(null)) return reader.fail([key], "must be text", "Put a text with a colon in quotes.");
      const text = parts.join("; ");
      return text === "" ? null : text;
    },
  };
  return reader;
}

/** A scalar as text: `command: true` is the command `true`. Null for lists and maps. */
export function scalarText(value: unknown): string | null {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return null;
}

function lineOf(file: FieldFile, path: FieldPath): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node = file.document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return file.lines.linePos(node.range[0]).line + file.firstLine - 1;
  }
  return null;
}

function pathText(path: FieldPath): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}
