import type { Check, CheckKind, GoalSpec } from "./goal.ts";

const MAX_LINE_LENGTH = 200;

export function checkKind(check: Check): CheckKind {
  if ("command" in check) return "command";
  if ("file" in check) return "file";
  if ("http" in check) return "http";
  if ("query" in check) return "query";
  if ("judge" in check) return "judge";
  return "person";
}

/** A check in one line, as evidence, prompt and screens show it. */
export function describeCheck(check: Check): string {
  const line = sentenceOf(check).replace(/\s+/g, " ").trim();
  return line.length <= MAX_LINE_LENGTH ? line : `${line.slice(0, MAX_LINE_LENGTH - 1).trimEnd()}…`;
}

/**
 * The checks that the runtime runs. A goal without any has one: a judge on what done means, or on the brief, so
 * that no goal is done by claim alone.
 */
export function impliedChecks(spec: Pick<GoalSpec, "title" | "brief" | "done" | "checks">): Check[] {
  if (spec.checks.length > 0) return spec.checks;
  const wanted = [spec.done, spec.brief, spec.title].find((text) => text !== null && text.trim() !== "");
  return [{ judge: wanted ?? "The work that was asked for is there and complete." }];
}

function sentenceOf(check: Check): string {
  if ("command" in check) return `\`${check.command}\` exits with 0`;
  if ("file" in check) return describeFile(check.file);
  if ("http" in check) {
    const contains = check.http.contains === undefined ? "" : ` and contains ${JSON.stringify(check.http.contains)}`;
    return `${check.http.url} answers ${check.http.status ?? "with success"}${contains}`;
  }
  if ("query" in check) return check.query;
  if ("judge" in check) return check.judge;
  return `${check.person} signs off`;
}

function describeFile(file: Extract<Check, { file: unknown }>["file"]): string {
  if (file.exists === false) return `${file.path} does not exist`;
  const wants: string[] = [];
  if (file.contains !== undefined) {
    wants.push(
      `contains ${[file.contains]
        .flat()
        .map((text) => JSON.stringify(text))
        .join(" and ")}`,
    );
  }
  if (file.matches !== undefined) wants.push(`matches /${file.matches}/`);
  if (file.schema !== undefined) wants.push("fits its schema");
  return `${file.path} ${wants.length === 0 ? "exists" : wants.join(", ")}`;
}
