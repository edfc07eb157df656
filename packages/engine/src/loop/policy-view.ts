import type { Clock } from "../clock.ts";
import type { PolicyRule } from "../domain/policy.ts";
import type { Queryable } from "../store/database.ts";

/** A rule that is made holds within this time for reads, and at once for writes outside. */
const FRESH_MS = 1_000;
const MAX_RULES = 2_000;

/** What decisions about calls rest on, apart from the run. */
export interface PolicyView {
  rules: readonly PolicyRule[];
  /** Some file is labelled as holding content from outside; while none is, nothing need be looked up. */
  hasFileLabels: boolean;
}

export type ReadPolicy = (fresh: boolean) => Promise<PolicyView>;

/** Reads rules and whether files are labelled, at most once a second unless a decision needs them as they are now. */
export function policyReader(reads: Queryable, clock: Clock, settingsRules: readonly PolicyRule[]): ReadPolicy {
  let kept: { at: number; view: Promise<PolicyView> } | null = null;
  return (fresh) => {
    const now = clock.now();
    if (kept !== null && !fresh && now - kept.at < FRESH_MS && now >= kept.at) return kept.view;
    const view = readView(reads, settingsRules);
    kept = { at: now, view };
    view.catch(() => (kept = null));
    return view;
  };
}

async function readView(reads: Queryable, settingsRules: readonly PolicyRule[]): Promise<PolicyView> {
  const { rows } = await reads.query<{ rules: PolicyRule[] | null; labelled: boolean }>({
    name: "policy_view",
    text: `SELECT (SELECT jsonb_agg(jsonb_build_object('id', r.id, 'verdict', r.verdict, 'tool', r.tool,
        'target', r.target, 'agent', r.agent, 'goalId', r.goal_id, 'runId', r.run_id, 'afterOutside', r.after_outside,
        'origin', r.origin, 'text', r.text)) FROM (SELECT * FROM policy_rules ORDER BY (verdict = 'allow'), created_at DESC LIMIT ${MAX_RULES}) r) AS rules,
      EXISTS (SELECT 1 FROM file_labels) AS labelled`,
  });
  return { rules: [...settingsRules, ...(rows[0]?.rules ?? [])], hasFileLabels: rows[0]?.labelled === true };
}
