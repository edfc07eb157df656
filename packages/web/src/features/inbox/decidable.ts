import { covers, type Decision, type InboxEntry, type Scope } from "@bureau/protocol";
import { readDetail } from "./detail.ts";

/** What can be done about an entry here. */
export interface Decidable {
  decisions: readonly Decision["decision"][];
  isAnswerable: boolean;
  isEditable: boolean;
  /** A decision may also make a rule for later. */
  hasScopes: boolean;
}

const NOTHING: Decidable = { decisions: [], isAnswerable: false, isEditable: false, hasScopes: false };
const OF_INBOX_SCOPE: readonly InboxEntry["kind"][] = ["approval", "question", "sign_off"];

/** The server decides what somebody may; this only offers nothing that it would refuse. */
export function decidableBy(entry: InboxEntry, scope: Scope): Decidable {
  if (entry.status !== "pending" || !covers(scope, "inbox")) return NOTHING;
  if (!covers(scope, "full") && !OF_INBOX_SCOPE.includes(entry.kind)) return NOTHING;
  switch (entry.kind) {
    case "approval": {
      const isWhole = covers(scope, "full");
      return { decisions: ["approve", "deny"], isAnswerable: false, isEditable: isWhole, hasScopes: true };
    }
    case "question":
      return { decisions: ["dismiss"], isAnswerable: true, isEditable: false, hasScopes: false };
    case "sign_off":
    case "unknown_effect":
      return { ...NOTHING, decisions: ["approve", "deny"] };
    case "budget":
      return { ...NOTHING, decisions: readDetail(entry).isHeld ? ["approve", "deny"] : ["dismiss"] };
    case "failed_run":
    case "sign_in":
    case "stopped":
      return { ...NOTHING, decisions: ["dismiss"] };
  }
}

/** Whether one decision makes sense for many at once: nobody knows by the dozen what took place. */
export function inBatch(entry: InboxEntry, scope: Scope): readonly Decision["decision"][] {
  return entry.kind === "unknown_effect" || entry.kind === "question" ? [] : decidableBy(entry, scope).decisions;
}
