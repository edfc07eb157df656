import type { DecisionScope, InboxEntry } from "@bureau/protocol";

/** Who decides, and what they may: the owner and full devices all, others only what their scope says. */
export interface Decider {
  name: string;
  scope: "full" | "inbox" | "read";
}

/** What somebody wants to do with an entry of the inbox. */
export interface Deciding {
  what: "approve" | "deny" | "dismiss" | "answer" | "edit" | "assign";
  /** How far a decision reaches; `once` where absent. */
  scope?: DecisionScope;
}

/** What the scope `inbox` is for. What stopped and what is unknown is for the owner to settle. */
const OF_INBOX_SCOPE: readonly InboxEntry["kind"][] = ["approval", "question", "sign_off"];

export type MayDecide = { ok: true } | { ok: false; message: string };

/**
 * Whether somebody may do this with an entry, and why not.
 *
 * The one place where it is decided. A scope that is not known may nothing.
 */
export function mayDecide(
  entry: Pick<InboxEntry, "kind" | "assignee" | "title">,
  by: Decider,
  deciding: Deciding,
): MayDecide {
  if (by.scope === "full") return { ok: true };
  if (by.scope !== "inbox") return no(`${by.name} may look at the inbox, and decide nothing in it.`);
  if (!OF_INBOX_SCOPE.includes(entry.kind)) {
    return no(`${by.name} may decide approvals, questions and sign-offs; "${entry.title}" is none of them.`);
  }
  if (deciding.scope === "rule") return no(`${by.name} may decide this call, and make no rule for later ones.`);
  if (entry.assignee !== null && !isSameName(entry.assignee, by.name)) {
    return no(`"${entry.title}" is for ${entry.assignee} to decide, not for ${by.name}.`);
  }
  return { ok: true };
}

function no(message: string): MayDecide {
  return { ok: false, message };
}

function isSameName(one: string, other: string): boolean {
  return one.normalize("NFC").toLowerCase() === other.normalize("NFC").toLowerCase();
}
