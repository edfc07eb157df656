import { AppError, type PushStatus, type PushSubscription, type PushTested } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { oneLine, relativeTime } from "../present/text.ts";

export async function pushStatus(call: Call): Promise<void> {
  const { client } = await connect(call);
  const status = await client.getPush();
  const { subscriptions } = await client.listPushSubscriptions();
  answer(call, { ...status, subscriptions }, () => renderStatus(call, status, subscriptions));
}

function renderStatus(call: Pick<Call, "terminal">, status: PushStatus, subscriptions: PushSubscription[]): string {
  const { problem, actions } = status;
  const state =
    problem === null
      ? "Notifications can be pushed."
      : `Notifications cannot be pushed. ${problem.message}\n  ${problem.hint ?? ""}`.trimEnd();
  const decides =
    actions === "approvals"
      ? "Approvals can be decided in the notification."
      : "A notification can only be opened (push.actions: none).";
  if (subscriptions.length === 0) return `${state}\n${decides}\nNo browser is pushed to yet; the app asks for it.\n`;
  const ago = (at: string | null) => (at === null ? "never" : relativeTime(call.terminal.now(), at));
  const table = renderTable(
    call.terminal,
    [
      { title: "FOR", value: (one) => oneLine(one.name), flexible: true },
      { title: "BY", value: (one) => oneLine(one.service) },
      { title: "CONTENT", value: (one) => (one.content ? "shown" : "none") },
      { title: "LAST SENT", value: (one) => ago(one.lastSentAt) },
      { title: "LAST ERROR", value: (one) => oneLine(one.lastError ?? "") },
      { title: "ID", value: (one) => one.id },
    ],
    subscriptions,
  );
  return `${state}\n${decides}\n\n${table}`;
}

/** Ends with an error where a push service took nothing. */
export async function testPush(call: Call): Promise<void> {
  const { client } = await connect(call);
  const subscription = argument(call, 0);
  const tested = await client.testPush({ body: subscription === "" ? {} : { subscription } });
  if (tested.results.length === 0) {
    throw new AppError("not_found", "No browser is pushed to yet.", {
      hint: "Open the app on the phone and turn notifications on there.",
    });
  }
  answer(call, tested, () => renderTested(call, tested));
  const failed = tested.results.filter((result) => result.status !== "sent").length;
  if (failed === 0) return;
  throw new AppError("conflict", `${failed} of ${tested.results.length} were not taken by their push service.`, {
    hint: "Turn notifications off and on again in that browser.",
  });
}

function renderTested({ terminal }: Pick<Call, "terminal">, { results }: PushTested): string {
  return renderTable(
    terminal,
    [
      { title: "FOR", value: (result) => oneLine(result.name) },
      { title: "BY", value: (result) => oneLine(result.service) },
      { title: "STATUS", value: (result) => result.status },
      { title: "ANSWER", value: (result) => oneLine(result.message), flexible: true },
    ],
    results,
  );
}
