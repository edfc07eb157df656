import { type PolicyRule, type Verdict, VERDICTS } from "@bureau/protocol";
import { ruleFault, ruleText } from "../domain/rule-text.ts";
import type { FieldPath, FieldReader } from "../goals/goal-file-fields.ts";

const MAX_ENTRIES = 200;
const MAX_RULES = 1_000;
const KEYS = ["to", "agent", "after_outside"];
const EXAMPLE = 'Write it as `- ask: mail.send`, with `to: "*@acme.com"` below where it is not for all.';
/** Keys of the file, by the field of a rule. */
const KEY_OF = { target: "to", agent: "agent", afterOutside: "after_outside" } as const;

/** Reads the rules of `bureau.yaml`. Throws `invalid`, naming line and key: half of a policy is worse than none. */
export function readPolicy(value: unknown, reader: FieldReader): PolicyRule[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return reader.fail(["policy"], "must be a list of rules", EXAMPLE);
  if (value.length > MAX_ENTRIES) return reader.fail(["policy"], `has more than ${MAX_ENTRIES} entries`);
  const rules = value.flatMap((entry: unknown, index) => readEntry(entry, ["policy", index], reader));
  if (rules.length > MAX_RULES) return reader.fail(["policy"], `makes more than ${MAX_RULES} rules`);
  return rules.map((rule, index) => ({ ...rule, id: `settings:${index + 1}` }));
}

function readEntry(value: unknown, path: FieldPath, reader: FieldReader): PolicyRule[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return reader.fail(path, "must be a rule", EXAMPLE);
  }
  const fields = value as Record<string, unknown>;
  const verdicts = VERDICTS.filter((verdict) => fields[verdict] !== undefined && fields[verdict] !== null);
  const [verdict] = verdicts;
  if (verdict === undefined || verdicts.length > 1) {
    return reader.fail(path, `must have exactly one of ${VERDICTS.join(", ")}`, EXAMPLE);
  }
  for (const key of Object.keys(fields)) {
    if (key !== verdict && !KEYS.includes(key))
      reader.warn([...path, key], "is not a part of a rule and has no effect");
  }
  const tools = patterns(fields[verdict], [...path, verdict], reader) ?? [];
  const targets = patterns(fields["to"], [...path, "to"], reader) ?? [null];
  const agents = patterns(fields["agent"], [...path, "agent"], reader) ?? [null];
  const afterOutside = flag(fields["after_outside"], [...path, "after_outside"], reader);
  return tools.flatMap((tool) =>
    targets.flatMap((target) =>
      agents.map((agent) => checked({ verdict, tool, target, agent, afterOutside }, path, reader)),
    ),
  );
}

interface Parts {
  verdict: Verdict;
  tool: string;
  target: string | null;
  agent: string | null;
  afterOutside: boolean;
}

function checked(parts: Parts, path: FieldPath, reader: FieldReader): PolicyRule {
  const rule = { ...parts, goalId: null, runId: null };
  const fault = ruleFault(rule);
  if (fault !== null) {
    const key = fault.field === "tool" ? parts.verdict : KEY_OF[fault.field];
    reader.fail([...path, key], fault.fault);
  }
  return { ...rule, id: "", origin: "settings", text: ruleText(rule) };
}

/** One pattern or a list of them; null when there is none. */
function patterns(value: unknown, path: FieldPath, reader: FieldReader): string[] | null {
  if (value === null || value === undefined) return null;
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length === 0 || entries.length > MAX_ENTRIES) {
    return reader.fail(path, `must have 1 to ${MAX_ENTRIES} entries`);
  }
  return entries.map((entry) => {
    if (typeof entry === "string" && entry.trim() !== "") return entry.trim();
    return reader.fail(
      path,
      `must be text, not ${JSON.stringify(entry)}`,
      "Put a pattern that begins with * in quotes.",
    );
  });
}

function flag(value: unknown, path: FieldPath, reader: FieldReader): boolean {
  if (value === null || value === undefined) return false;
  return typeof value === "boolean" ? value : reader.fail(path, `must be true or false, not ${JSON.stringify(value)}`);
}
