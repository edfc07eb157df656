import type { PolicyRule } from "./policy.ts";

export function rulesOfConstraints(
  constraints: readonly string[],
  _goal: { id: string },
): { rules: PolicyRule[]; advice: string[] } {
  return { rules: [], advice: [...constraints] };
}
