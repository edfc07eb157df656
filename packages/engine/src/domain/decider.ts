import type { DecisionScope, InboxEntry, Role } from "@bureau/protocol";
import { isSameName } from "./names.ts";

/** Who decides, and what they may: the owner and full devices all, others only what their scope and role say. */
export interface Decider {
  /** A person's name, or a guest's with `LINK_MARK`. */
  name: string;
  scope: "full" | "inbox" | "read";
  /** `link`: somebody without an account, for the one thing that their link is for. */
  role: Role | "link";
  /** What they decide with; null: the owner's token, or a link. */
  device: string | null;
  /** Of the role `link`: which one, and what its holder was shown. */
  link?: { id: string; ref: string };
}

/** What somebody wants to do with an entry of the inbox. */
export interface Deciding {
  what: "approve" | "deny" | "dismiss" | "answer" | "edit" | "assign";
  /** How far a decision reaches; `once` where absent. */
  scope?: DecisionScope;
}

/** Behind a name: its bearer has a link and no account. No person's or device's name can hold it. */
const LINK_MARK = " (by link)";

/** What the scope `inbox` is for. What stopped and what is unknown is for the owner to settle. */
const OF_INBOX_SCOPE: readonly InboxEntry["kind"][] = ["approval", "question", "sign_off"];
/** What guests may do, with or without an account: the one act, on the call as it was asked for. */
const OF_GUESTS: readonly Deciding["what"][] = ["approve", "deny", "answer"];

export type MayDecide = { ok: true } | { ok: false; message: string };

/**
 * Whether somebody may do this with an entry, and why not.
 *
 * The one place where it is decided. A scope that is not known may nothing. Which entry a link is for is looked up
 * where its row is locked: `commands/link-holds.ts`.
 */
export function mayDecide(
  entry: Pick<InboxEntry, "kind" | "assignee" | "title">,
  by: Decider,
  deciding: Deciding,
): MayDecide {
  if (by.role === "guest" || by.role === "link") return guestMay(entry, by, deciding);
  if (by.scope === "full" && by.role === "owner") return { ok: true };
  if (by.scope !== "inbox" && by.scope !== "full")
    return no(`${by.name} may look at the inbox, and decide nothing in it.`);
  if (by.scope === "inbox" && !OF_INBOX_SCOPE.includes(entry.kind)) {
    return no(`${by.name} may decide approvals, questions and sign-offs; "${entry.title}" is none of them.`);
  }
  if (deciding.scope === "rule") return no(`${by.name} may decide this call, and make no rule for later ones.`);
  // What somebody was asked by a link is not taken from those who are here.
  if (entry.assignee !== null && !isByLink(entry.assignee) && !isSameName(entry.assignee, by.name)) {
    return no(`"${entry.title}" is for ${entry.assignee} to decide, not for ${by.name}.`);
  }
  return { ok: true };
}

function guestMay(entry: Pick<InboxEntry, "kind" | "assignee" | "title">, by: Decider, deciding: Deciding): MayDecide {
  if (by.scope === "read") return no(`${by.name} may look, and decide nothing.`);
  if (!OF_INBOX_SCOPE.includes(entry.kind) || !OF_GUESTS.includes(deciding.what)) {
    return no(`${by.name} is a guest, and may approve, deny or answer what they were asked.`);
  }
  if ((deciding.scope ?? "once") !== "once") return no(`${by.name} is a guest, and decides once, for no later call.`);
  if (by.role === "guest" && (entry.assignee === null || !isSameName(entry.assignee, by.name))) {
    return no(`"${entry.title}" was not given to ${by.name} to decide.`);
  }
  return { ok: true };
}

/** The name under which somebody with a link decides. */
export function nameByLink(name: string): string {
  return `${name}${LINK_MARK}`;
}

export function isByLink(name: string): boolean {
  return name.endsWith(LINK_MARK);
}

/** What guests say was written outside: it instructs nobody, and names nothing that policy would go by. */
export function isOutside(by: Decider): boolean {
  return by.role === "guest" || by.role === "link";
}

/** A person with what they did it with, for what keeps one text only. No name holds a comma. */
export function textOfDecider({ name, device }: Pick<Decider, "name" | "device">): string {
  return device === null ? name : `${name}, on ${device}`;
}

function no(message: string): MayDecide {
  return { ok: false, message };
}
