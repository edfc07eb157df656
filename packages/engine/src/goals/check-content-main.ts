import { parentPort, workerData } from "node:worker_threads";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { ContentJob, ContentReport } from "./check-content.ts";

/** Runs in a thread of its own, so that a pattern without an end can be ended from outside. */
const MAX_ALIASES = 100;
const MAX_ISSUES = 10;

parentPort?.postMessage({ type: "ready" } satisfies ContentReport);
parentPort?.postMessage(report(workerData as ContentJob));

function report(job: ContentJob): ContentReport {
  try {
    const problems = [
      ...(job.pattern === null ? [] : patternProblems(job.pattern, job.text)),
      ...(job.schema === null ? [] : schemaProblems(job.schema, job.text)),
    ];
    return { type: "done", problems };
  } catch (error) {
    return { type: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function patternProblems(pattern: string, text: string): string[] {
  return new RegExp(pattern, "mu").test(text) ? [] : [`Does not match /${pattern}/.`];
}

/** The file's JSON or YAML against a JSON schema. */
function schemaProblems(schema: unknown, text: string): string[] {
  let shape: z.ZodType;
  try {
    shape = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the schema cannot be used: ${reason}`, { cause: error });
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
