import { AppError, type PushDecided } from "@bureau/protocol";
import { textOfDecider } from "../domain/decider.ts";
import type { DecidedBy } from "../engine-api.ts";
import {
  type Holding,
  holderOf,
  HOLDING_SUBSCRIPTIONS,
  holdingValues,
  type PushSubscriptionRow,
} from "../queries/push.ts";
import type { GoalRow, InboxRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { decideWithin } from "./decide-entry.ts";
import { hashOf } from "./access-parts.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

interface TokenRow {
  entry_id: string;
  subscription_id: string;
  action_hash: string;
  decision: "approve" | "deny";
  expires_at: Date;
  used_at: Date | null;
}

/**
 * Decides the approval that a notification's token was made for, as its device, for this once.
 *
 * The token is used up in the transaction that decides. Its refusals say nothing of what was asked: they may be read
 * on a locked screen.
 */
export async function decideByPush(parts: CommandParts, token: string, ownerKey: string): Promise<PushDecided> {
  if (!TOKEN.test(token)) throw unknownToken();
  const hash = hashOf(token);
  return await change(parts, async (change) => {
    const found = await findToken(change, hash);
    const by = await deciderOf(change, found.subscription_id, { now: change.now.getTime(), ownerKey });
    const { entry, goal } = await lockEntry(change, found.entry_id);
    // Read again under the entry's lock: of two that have the same token one waited for the other.
    const row = await findToken(change, hash);
    requireUnused(row, entry);
    requireSame(change, row, entry, goal);
    const input = { decision: row.decision, scope: "once", by } as const;
    const decided = await decideWithin(change, entry.id, input).catch(withoutContent);
    await change.transaction.query(
      "UPDATE push_tokens SET used_at = $3 WHERE entry_id = $1 AND subscription_id = $2 AND used_at IS NULL",
      [row.entry_id, row.subscription_id, change.now],
    );
    return { entryId: decided.id, status: row.decision === "approve" ? "approved" : "denied" };
  });
}

async function findToken({ transaction }: Change, hash: string): Promise<TokenRow> {
  const { rows } = await transaction.query<TokenRow>("SELECT * FROM push_tokens WHERE token_hash = $1", [hash]);
  if (rows[0] === undefined) throw unknownToken();
  return rows[0];
}

/** As whom it decides: the device, or the owner, while they may still ask for anything. */
async function deciderOf(change: Change, subscriptionId: string, holding: Holding): Promise<DecidedBy["by"]> {
  const { rows } = await change.transaction.query<PushSubscriptionRow>(`${HOLDING_SUBSCRIPTIONS} AND ps.id = $4`, [
    ...holdingValues(holding),
    subscriptionId,
  ]);
  if (rows[0] === undefined) throw unknownToken();
  return holderOf(rows[0]);
}

function requireUnused(token: TokenRow, entry: InboxRow): void {
  if (entry.status !== "pending") {
    const { decided_by: name, decided_device: device } = entry;
    const by = name === null ? "" : ` by ${textOfDecider({ name, device })}`;
    throw new AppError("conflict", `This was already ${entry.status}${by}.`, { hint: "Open Bureau to see it." });
  }
  if (token.used_at === null) return;
  throw new AppError("conflict", "This notification was already used.", { hint: "Open Bureau to decide." });
}

/** The yes or no is for exactly what was asked when it was pushed. */
function requireSame(change: Change, token: TokenRow, entry: InboxRow, goal: GoalRow | null): void {
  const isLate = token.expires_at <= change.now || (entry.expires_at !== null && entry.expires_at <= change.now);
  if (isLate)
    throw new AppError("conflict", "The time to decide this here is over.", { hint: "Open Bureau to see it." });
  if (entry.action_hash !== token.action_hash) {
    throw new AppError("conflict", "What is asked has changed since this notification; nothing was decided.", {
      hint: "Open Bureau to see it as it is now.",
    });
  }
  if (goal === null || entry.goal_version === null || goal.version === entry.goal_version) return;
  throw new AppError("conflict", "Its goal has changed since this was asked; nothing was decided.", {
    hint: "Open Bureau to see it.",
  });
}

/** The refusals of a decision name what was asked. */
function withoutContent(error: unknown): never {
  if (!(error instanceof AppError)) throw error;
  const message =
    error.code === "forbidden" ? "This device may not decide that." : "This no longer waits for a decision as it was.";
  throw new AppError(error.code, message, { hint: "Open Bureau to see it.", cause: error });
}

function unknownToken(): AppError {
  return new AppError("unauthenticated", "This notification can decide nothing any more.", {
    hint: "Open Bureau to decide.",
  });
}
