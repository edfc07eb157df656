import type { Check } from "@bureau/protocol";
import { contentProblems } from "./check-content.ts";
import type { CheckContext, Found } from "./checker.ts";
import { type Inside, openInside } from "./inside-folder.ts";

const MAX_BYTES = 8 * 1024 * 1024;

type FileCheck = Extract<Check, { file: unknown }>["file"];

/** Looks at a file of the agent's folder; every wish of the check must hold. */
export async function checkFile(check: Extract<Check, { file: unknown }>, context: CheckContext): Promise<Found> {
  const { file } = check;
  const found = await openInside(context.folder, file.path);
  try {
    if (found.type === "missing") {
      return file.exists === false
        ? { status: "verified", detail: `${file.path} does not exist.` }
        : { status: "unverified", detail: `${file.path} does not exist.` };
    }
    if (file.exists === false) return { status: "unverified", detail: `${file.path} exists.` };
    return await checkFound(file, found, context.signal);
  } finally {
    if (found.type === "file") await found.handle.close();
  }
}

async function checkFound(
  file: FileCheck,
  found: Exclude<Inside, { type: "missing" }>,
  signal: AbortSignal,
): Promise<Found> {
  const wantsContent = file.contains !== undefined || file.matches !== undefined || file.schema !== undefined;
  if (found.type !== "file") {
    const kind = found.type === "folder" ? "a folder" : "no regular file";
    if (wantsContent || found.type === "other") return { status: "unverified", detail: `${file.path} is ${kind}.` };
    return { status: "verified", detail: `${file.path} exists and is a folder.` };
  }
  const artifact = found.path;
  if (!wantsContent) return { status: "verified", detail: `${file.path} exists (${found.bytes} bytes).`, artifact };
  if (found.bytes > MAX_BYTES) {
    return { status: "blocked", detail: `${file.path} is larger than 8 MB and is not read.`, artifact };
  }
  const text = (await found.handle.readFile()).toString("utf8");
  const wantsThread = file.matches !== undefined || file.schema !== undefined;
  const problems = [
    ...missingTexts(file, text),
    ...(wantsThread
      ? await contentProblems({ text, pattern: file.matches ?? null, schema: file.schema ?? null }, signal)
      : []),
  ];
  if (problems.length > 0) return { status: "unverified", detail: problems.join("\n"), artifact };
  return { status: "verified", detail: `${file.path} is as asked (${found.bytes} bytes).`, artifact };
}

function missingTexts(file: FileCheck, text: string): string[] {
  const wanted = file.contains === undefined ? [] : [file.contains].flat();
  return wanted.filter((part) => !text.includes(part)).map((part) => `Does not contain ${JSON.stringify(part)}.`);
}
