import { type Effect, EFFECT_STATUSES } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, oneLine, relativeTime } from "../present/text.ts";
import { resolveReference } from "../references.ts";
import type { Terminal } from "../terminal.ts";
import { readWorkFilter, type WorkFilter } from "../work-filter.ts";

export async function listEffects(call: Call<WorkFilter>): Promise<void> {
  const { terminal, options } = call;
  const { client } = await connect(call);
  const list = await client.listEffects({ query: await readWorkFilter(client, options, EFFECT_STATUSES) });
  answer(call, list, () => {
    if (list.effects.length === 0) return "Nothing was done outside.\n";
    return renderTable(
      terminal,
      [
        { title: "EFFECT", value: (effect) => effect.id },
        { title: "STATUS", value: (effect) => statusOf(effect) },
        { title: "WHEN", value: (effect) => relativeTime(terminal.now(), effect.endedAt ?? effect.proposedAt) },
        { title: "ON WHOSE YES", value: (effect) => oneLine(effect.approvedBy ?? "-", 40) },
        { title: "WHAT", value: (effect) => oneLine(effect.title, 300), flexible: true },
      ],
      list.effects,
    );
  });
}

export async function showEffect(call: Call): Promise<void> {
  const { client } = await connect(call);
  const effect = await client.getEffect({ params: { effectId: await effectId(call) } });
  answer(call, effect, () => renderEffect(call.terminal, effect));
}

export async function undoEffect(call: Call): Promise<void> {
  const { client } = await connect(call);
  const effect = await client.undoEffect({ params: { effectId: await effectId(call) } });
  answer(call, effect, () => `Taken back: ${oneLine(effect.title, 300)}\n`);
}

export async function reconcileEffect(call: Call): Promise<void> {
  const { client } = await connect(call);
  const effect = await client.reconcileEffect({ params: { effectId: await effectId(call) } });
  answer(call, effect, () => renderEffect(call.terminal, effect));
}

async function effectId(call: Call): Promise<string> {
  const { client } = await connect(call);
  return await resolveReference(client, "effect", argument(call, 0));
}

function statusOf(effect: Effect): string {
  return effect.undoneAt !== null && effect.status === "done" ? "done, undone" : effect.status.replace("_", " ");
}

function renderEffect(terminal: Terminal, effect: Effect): string {
  const at = (time: string | null) => (time === null ? "-" : relativeTime(terminal.now(), time));
  const lines = [
    cleanText(effect.title),
    `${effect.id}  ${effect.kind}  ${statusOf(effect)}`,
    `To: ${effect.targets.map((target) => oneLine(target, 200)).join(", ") || "-"}`,
    `For: ${effect.goalId ?? effect.runId}`,
    `On whose yes: ${effect.approvedBy ?? "nobody's"}  ${at(effect.approvedAt)}`,
    `Asked ${at(effect.proposedAt)}, begun ${at(effect.startedAt)}, ended ${at(effect.endedAt)}`,
  ];
  if (effect.sources.length > 0)
    lines.push(`It had read: ${effect.sources.map(({ name }) => oneLine(name, 100)).join(", ")}`);
  if (effect.receipt?.link !== undefined) lines.push(`See it: ${oneLine(effect.receipt.link, 500)}`);
  else if (effect.receipt?.id !== undefined) lines.push(`The provider's id: ${oneLine(effect.receipt.id, 200)}`);
  if (effect.error !== null) lines.push(oneLine(effect.error, 500));
  if (effect.undoneAt !== null) lines.push(`Taken back by ${effect.undoneBy ?? "-"} ${at(effect.undoneAt)}`);
  lines.push("", cleanText(JSON.stringify(effect.arguments, null, 2)));
  return `${lines.join("\n")}\n`;
}
