import { type AnswerByLink, AppError, type DecideByLink, type GuestView } from "@bureau/protocol";
import { type Decider, nameByLink } from "../domain/decider.ts";
import { entryOfLink, guestView, linkOfSecret, refOf } from "../queries/links.ts";
import type { LinkRow } from "../store/links.ts";
import type { InboxRow } from "../store/rows.ts";
import { hashOf } from "./access-parts.ts";
import { answerInboxEntry } from "./answer-question.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import type { CommandParts } from "./parts.ts";

/** What somebody with a link is asked now, and nothing else. Throws `unauthenticated` when the link does not hold. */
export async function lookByLink(parts: CommandParts, secret: string): Promise<GuestView> {
  const { link, entry } = await open(parts, secret);
  return guestView(link, entry);
}

/** Decides once, in the guest's name, exactly what they were shown. The same decision again is no error. */
export async function decideByLink(parts: CommandParts, input: DecideByLink): Promise<GuestView> {
  const { link, entry } = await open(parts, input.secret);
  const shown = requireShown(entry, input.ref);
  await inGuestsWords(
    decideInboxEntry(parts, shown.id, {
      decision: input.decision,
      by: guestOf(link, input.ref),
      ...(input.note !== undefined && { note: input.note }),
    }),
  );
  return await lookByLink(parts, input.secret);
}

/** Answers the question that they were shown; the answer enters its run as content from outside. */
export async function answerByLink(parts: CommandParts, input: AnswerByLink): Promise<GuestView> {
  const { link, entry } = await open(parts, input.secret);
  const shown = requireShown(entry, input.ref);
  const { text, choice } = input;
  await inGuestsWords(
    answerInboxEntry(parts, shown.id, {
      by: guestOf(link, input.ref),
      ...(text !== undefined && { text }),
      ...(choice !== undefined && { choice }),
    }),
  );
  return await lookByLink(parts, input.secret);
}

async function open(parts: CommandParts, secret: string): Promise<{ link: LinkRow; entry: InboxRow | null }> {
  const link = await linkOfSecret(parts.database, hashOf(secret), parts.clock.now());
  return { link, entry: await entryOfLink(parts.database, link) };
}

function requireShown(entry: InboxRow | null, ref: string): InboxRow {
  if (entry !== null && refOf(entry) === ref) return entry;
  throw changedSince();
}

function changedSince(cause?: unknown): AppError {
  return new AppError("conflict", "What you were shown has changed since, or is decided.", {
    hint: "Look again.",
    cause,
  });
}

/** Errors name who decided, and why something is asked: that is not for a guest. */
async function inGuestsWords(decided: Promise<unknown>): Promise<void> {
  try {
    await decided;
  } catch (error) {
    throw error instanceof AppError && (error.code === "conflict" || error.code === "not_found")
      ? changedSince(error)
      : error;
  }
}

/** The scope lets them decide what they are asked; the rest is refused by their role. */
function guestOf(link: LinkRow, ref: string): Decider {
  return { name: nameByLink(link.name), scope: "inbox", role: "link", device: null, link: { id: link.id, ref } };
}
