import type { ArtifactDifference, DifferenceHunk, DocumentBlock, Preview } from "@bureau/protocol";
import { AppError } from "@bureau/protocol";
import { structuredPatch } from "diff";

/** Longer texts, and texts with more changes, are not compared. */
const MAX_COMPARED_CHARACTERS = 1_000_000;
const MAX_CHANGES = 5_000;
const TIME_MS = 5_000;
const CONTEXT_LINES = 3;
const MAX_LINES = 4_000;
const MAX_LINE_CHARACTERS = 2_000;

type Compared = Pick<ArtifactDifference, "added" | "removed" | "hunks" | "truncated">;

/** What differs between two texts, line by line. Works in small pieces, so that others get their turn. */
export async function textDifference(before: string, after: string): Promise<Compared> {
  if (before.length + after.length > MAX_COMPARED_CHARACTERS) throw tooDifferent("They are too long");
  const patch = await patchOf(before, after);
  if (patch === undefined) throw tooDifferent("They have too little in common");
  let [added, removed, room, truncated] = [0, 0, MAX_LINES, false];
  const hunks: DifferenceHunk[] = [];
  for (const { oldStart, oldLines, newStart, newLines, lines } of patch.hunks) {
    for (const line of lines) {
      if (line.startsWith("+")) added += 1;
      else if (line.startsWith("-")) removed += 1;
    }
    const shown = lines.slice(0, Math.max(0, room)).map(shortened);
    truncated ||= shown.length < lines.length || lines.some((line) => line.length > MAX_LINE_CHARACTERS);
    room -= lines.length;
    if (shown.length > 0) hunks.push({ oldStart, oldLines, newStart, newLines, lines: shown });
  }
  return { added, removed, hunks, truncated };
}

function patchOf(before: string, after: string) {
  return new Promise<ReturnType<typeof structuredPatch> | undefined>((resolve) => {
    structuredPatch("", "", before, after, undefined, undefined, {
      context: CONTEXT_LINES,
      maxEditLength: MAX_CHANGES,
      timeout: TIME_MS,
      callback: (patch: ReturnType<typeof structuredPatch> | undefined) => resolve(patch),
    });
  });
}

function shortened(line: string): string {
  return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS).toWellFormed()}…` : line;
}

function tooDifferent(reason: string): AppError {
  return new AppError("too_large", `${reason} to be compared line by line.`, {
    hint: "Look at both versions side by side.",
  });
}

/** The text by which a file is compared; null where it has none. */
export function comparedText(preview: Preview): string | null {
  switch (preview.kind) {
    case "markdown":
    case "text":
      return preview.text;
    case "table":
      return preview.sheets.map((sheet) => sheet.rows.map((row) => row.join("\t")).join("\n")).join("\n\n");
    case "document":
      return preview.blocks.flatMap(blockLines).join("\n");
    case "image":
    case "pdf":
    case "other":
      return null;
  }
}

function blockLines(block: DocumentBlock): string[] {
  switch (block.type) {
    case "heading":
      return ["", `${"#".repeat(block.level)} ${block.text}`];
    case "paragraph":
      return [block.text];
    case "list":
      return block.items.map(
        (item, index) => `${"  ".repeat(item.depth)}${block.ordered ? `${index + 1}.` : "-"} ${item.text}`,
      );
    case "table":
      return block.rows.map((row) => row.join("\t"));
    case "page_break":
      return [`--- ${block.title ?? ""}`.trimEnd()];
  }
}
