import type { Check } from "@bureau/protocol";
import type { CheckContext, Found } from "./checker.ts";

/** Looks up the sign-off of this version of the goal. Asking for it is the loop's part. */
export function checkPerson(check: Extract<Check, { person: string }>, index: number, context: CheckContext): Found {
  const decision = context.signOffs.get(index);
  if (decision === undefined) return { status: "unverified", detail: `Waits for ${check.person} to sign off.` };
  const note = decision.note === null || decision.note === "" ? "" : `: ${decision.note}`;
  return decision.approved
    ? { status: "verified", detail: `Signed off by ${decision.by}${note}.` }
    : { status: "unverified", detail: `Turned down by ${decision.by}${note}.` };
}
