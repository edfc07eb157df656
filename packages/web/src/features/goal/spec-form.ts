import { type Effort, EFFORTS, type GoalFields, type GoalSpec } from "@bureau/protocol";
import { BUDGET_KEYS, type BudgetForm, budgetForm, readBudget } from "./amounts.ts";
import { type CheckForm, checkOfForm, formOfCheck } from "./check-form.ts";

/** What a goal asks for, as it is being written: everything is text until it is saved. */
export interface SpecForm {
  title: string;
  brief: string;
  done: string;
  checks: CheckForm[];
  constraints: string[];
  budget: BudgetForm;
  cadence: string;
  on: string;
  effort: Effort | "";
}

export const EFFORT_WORDS: Record<Effort, string> = {
  low: "Low: quick and cheap",
  medium: "Medium",
  high: "High: thinks longer",
  max: "Highest: several attempts, slow and dear",
};

export const EMPTY_FORM: SpecForm = {
  title: "",
  brief: "",
  done: "",
  checks: [],
  constraints: [],
  budget: budgetForm({}),
  cadence: "",
  on: "",
  effort: "",
};

export function formOfSpec(spec: Partial<GoalSpec> | GoalFields): SpecForm {
  return {
    title: spec.title ?? "",
    brief: spec.brief ?? "",
    done: spec.done ?? "",
    checks: (spec.checks ?? []).map(formOfCheck),
    constraints: [...(spec.constraints ?? [])],
    budget: budgetForm(spec.budget ?? {}),
    cadence: spec.cadence ?? "",
    on: spec.on ?? "",
    effort: spec.effort ?? "",
  };
}

/** What is wrong, by the path of the field: `brief`, `checks.0.url`, `budget.micros`. */
export type Problems = Readonly<Record<string, string>>;

/** Every field of a goal, none left out. */
export type WholeFields = { [Key in keyof GoalFields]-?: Exclude<GoalFields[Key], undefined> };

/** The fields of a goal, or everything that is wrong with them. */
export function fieldsOfForm(
  form: SpecForm,
): { fields: WholeFields; problems: null } | { fields: null; problems: Problems } {
  const problems: Record<string, string> = {};
  if (form.brief.trim() === "") problems["brief"] = "Say what is to be done.";
  const checks = form.checks.flatMap((check, index) => {
    const read = checkOfForm(check);
    if ("check" in read) return [read.check];
    for (const [field, problem] of Object.entries(read.problems)) problems[`checks.${index}.${field}`] = problem;
    return [];
  });
  const { budget, problems: amounts } = readBudget(form.budget);
  for (const key of BUDGET_KEYS) if (amounts[key] !== undefined) problems[`budget.${key}`] = amounts[key];
  if (Object.keys(problems).length > 0) return { fields: null, problems };
  return {
    problems: null,
    fields: {
      title: form.title.trim() === "" ? titleOf(form.brief) : form.title.trim(),
      brief: form.brief.trim(),
      done: orNull(form.done),
      checks,
      constraints: form.constraints.map((text) => text.trim()).filter(Boolean),
      budget,
      cadence: orNull(form.cadence),
      on: orNull(form.on),
      effort: EFFORTS.find((effort) => effort === form.effort) ?? null,
    },
  };
}

const MAX_TITLE_CHARACTERS = 80;

/** The first sentence of what is to be done, as a title. */
export function titleOf(brief: string): string {
  const line = brief.trim().split("\n", 1)[0] ?? "";
  const sentence = (/^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line).replace(/^#+\s*/, "").replace(/[.\s]+$/, "");
  if (sentence.length <= MAX_TITLE_CHARACTERS) return sentence;
  return `${sentence.slice(0, MAX_TITLE_CHARACTERS - 1).replace(/\s+\S*$/, "")}…`;
}

/** Only what was changed: what somebody else changed elsewhere stays as it is. Null: it cannot be saved as it is. */
export function changedFields(
  before: SpecForm,
  after: SpecForm,
): { fields: GoalFields; problems: null } | { fields: null; problems: Problems } {
  const changed = changedKeys(before, after);
  // A goal whose file says only what done looks like has no brief; that stays allowed.
  const read = fieldsOfForm(changed.includes("brief") ? after : { ...after, brief: after.brief || "-" });
  if (read.fields === null) return read;
  return { fields: Object.fromEntries(changed.map((key) => [key, read.fields[key]])), problems: null };
}

export type SpecKey = keyof SpecForm;

export const SPEC_KEYS = [
  "title",
  "brief",
  "done",
  "checks",
  "constraints",
  "budget",
  "cadence",
  "on",
  "effort",
] as const satisfies SpecKey[];

export const SPEC_LABELS: Record<SpecKey, string> = {
  title: "Title",
  brief: "What is to be done",
  done: "What done looks like",
  checks: "Checks",
  constraints: "Constraints",
  budget: "Budget",
  cadence: "How often",
  on: "Begins when",
  effort: "Effort",
};

export function changedKeys(before: SpecForm, after: SpecForm): SpecKey[] {
  return SPEC_KEYS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}

function orNull(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}
