import { Worker } from "node:worker_threads";
import type { Check } from "@bureau/protocol";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { CheckContext } from "./checker.ts";
import { type Inside, openInside } from "./inside-folder.ts";
import type { Found } from "./run-checks.ts";

const MAX_BYTES = 8 * 1024 * 1024;
/** A pattern that takes longer is refused: one written without care can take years. */
const PATTERN_MS = 2000;
const MAX_ALIASES = 100;
const MAX_ISSUES = 10;

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
    return await checkFound(file, found);
  } finally {
    if (found.type === "file") await found.handle.close();
  }
}

async function checkFound(file: FileCheck, found: Exclude<Inside, { type: "missing" }>): Promise<Found> {
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
  const problems = [
    ...missingTexts(file, text),
    ...(file.matches === undefined ? [] : await patternProblems(file.matches, text)),
    ...(file.schema === undefined ? [] : schemaProblems(file.schema, text)),
  ];
  if (problems.length > 0) return { status: "unverified", detail: problems.join("\n"), artifact };
  return { status: "verified", detail: `${file.path} is as asked (${found.bytes} bytes).`, artifact };
}

function missingTexts(file: FileCheck, text: string): string[] {
  const wanted = file.contains === undefined ? [] : [file.contains].flat();
  return wanted.filter((part) => !text.includes(part)).map((part) => `Does not contain ${JSON.stringify(part)}.`);
}

async function patternProblems(pattern: string, text: string): Promise<string[]> {
  const matches = await matchesInTime(pattern, text);
  if (matches === null) return [`The pattern /${pattern}/ took longer than ${PATTERN_MS / 1000} s and was stopped.`];
  return matches ? [] : [`Does not match /${pattern}/.`];
}

/** Runs in a thread of its own, the only way to end a pattern that does not end; null when the time is up. */
async function matchesInTime(pattern: string, text: string): Promise<boolean | null> {
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     parentPort.postMessage(new RegExp(workerData.pattern, "mu").test(workerData.text));`,
    { eval: true, workerData: { pattern, text }, env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 128 } },
  );
  try {
    return await new Promise<boolean | null>((resolve, reject) => {
      const timer = setTimeout(() => resolve(null), PATTERN_MS);
      const settle = (end: () => void) => {
        clearTimeout(timer);
        end();
      };
      worker.once("message", (result: boolean) => settle(() => resolve(result)));
      worker.once("error", (error) => settle(() => reject(error)));
    });
  } finally {
    await worker.terminate();
  }
}

/** The file's JSON or YAML against a JSON schema. */
function schemaProblems(schema: unknown, text: string): string[] {
  let shape: z.ZodType;
  try {
    shape = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (error) {
    throw new Error(`the schema cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  const broken = document.errors[0];
  if (broken !== undefined) return [`Is neither JSON nor YAML: ${broken.message}.`];
  const result = shape.safeParse(document.toJS({ maxAliasCount: MAX_ALIASES }));
  if (result.success) return [];
  return result.error.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => `${issue.path.length === 0 ? "The whole" : issue.path.join(".")}: ${issue.message}.`);
}
