import { type Halt, INBOX_STATUSES, type InboxEntry } from "@bureau/protocol";
import { answer, argument, readList } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { replyCommand } from "../present/printer.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, count, oneLine, relativeTime } from "../present/text.ts";
import { resolveReference } from "../references.ts";
import { rememberShown } from "../shown-list.ts";
import type { Terminal } from "../terminal.ts";
import { findEntry } from "./decide.ts";

const MAX_ENTRIES = 500;

/** What needs a person now. Its numbers can be replied to. */
export async function hey(call: Call<{ mine?: boolean }>): Promise<void> {
  const { terminal } = call;
  const connection = await connect(call);
  const reply = await connection.client.hey({ query: mineOf(call.options) });
  await rememberShown(
    connection,
    reply.entries.map((line) => line.entry),
  );
  answer(call, reply, () => {
    const { counts } = reply;
    const work = `${count(counts.goalsActive, "goal")} active, ${count(counts.runsRunning, "run")} at work, ${counts.runsWaiting} waiting.`;
    const halted = haltedLine(terminal, reply.halted);
    if (reply.entries.length === 0) return `${halted}Nothing needs you now. ${work}\n`;
    const lines = reply.entries.map(
      (line) =>
        `${String(line.number).padStart(3)}. ${oneLine(line.sentence, 300)}  ${relativeTime(terminal.now(), line.entry.createdAt)}`,
    );
    return `${halted}${lines.join("\n")}\n\n${work} Reply with \`bureau inbox approve "1 and 2"\`; \`bureau inbox show 1\` has the whole.\n`;
  });
}

function mineOf({ mine }: { mine?: boolean }): { mine?: true } {
  return mine === true ? { mine } : {};
}

/** Said before anything else while everything is stopped. */
function haltedLine(terminal: Terminal, halted: Halt | null): string {
  if (halted === null) return "";
  const since = relativeTime(terminal.now(), halted.at);
  return `Everything is stopped, by ${oneLine(halted.by, 100)}, ${since}. \`bureau resume --all\` lets it go on.\n\n`;
}

export async function listInbox(call: Call<{ status?: string; goal?: string; mine?: boolean }>): Promise<void> {
  const { options, terminal } = call;
  const connection = await connect(call);
  const goal = options.goal === undefined ? undefined : await resolveReference(connection.client, "goal", options.goal);
  const status = readList("--status", options.status, INBOX_STATUSES);
  const list = await connection.client.listInbox({
    query: {
      limit: MAX_ENTRIES,
      ...mineOf(options),
      ...(status === undefined ? {} : { status }),
      ...(goal === undefined ? {} : { goal }),
    },
  });
  await rememberShown(connection, list.entries);
  const { halted } = options.json === true ? { halted: null } : await connection.client.getStatus();
  const stopped = haltedLine(terminal, halted);
  answer(call, list, () => {
    if (list.entries.length === 0) return `${stopped}Nothing waits.\n`;
    const rows = list.entries.map((entry, index) => ({ entry, number: index + 1 }));
    return `${stopped}${renderTable(
      terminal,
      [
        { title: "#", value: (row) => String(row.number) },
        { title: "KIND", value: (row) => row.entry.kind.replace("_", " ") },
        { title: "STATUS", value: (row) => row.entry.status },
        { title: "SINCE", value: (row) => relativeTime(terminal.now(), row.entry.createdAt) },
        { title: "ABOUT", value: (row) => oneLine(row.entry.title, 300), flexible: true },
      ],
      rows,
    )}`;
  });
}

export async function showEntry(call: Call): Promise<void> {
  const connection: Connection = await connect(call);
  const entry = await findEntry(connection, argument(call, 0));
  answer(call, entry, () => renderEntry(call.terminal, entry));
}

function renderEntry(terminal: Terminal, entry: InboxEntry): string {
  const lines = [
    cleanText(entry.title),
    `${entry.id}  ${entry.kind.replace("_", " ")}  ${entry.status}  ${relativeTime(terminal.now(), entry.createdAt)}`,
  ];
  for (const [index, choice] of entry.choices.entries()) lines.push(`  ${index + 1}. ${oneLine(choice, 300)}`);
  const detail = entry.detail ?? {};
  if (typeof detail === "object" && Object.keys(detail).length > 0)
    lines.push("", cleanText(JSON.stringify(detail, null, 2)));
  if (entry.answer !== null) lines.push("", `Answer: ${cleanText(entry.answer)}`);
  if (entry.decidedBy !== null)
    lines.push(
      `Decided by ${oneLine(entry.decidedBy, 100)}${entry.decidedDevice === null ? "" : `, on ${oneLine(entry.decidedDevice, 100)},`} ${relativeTime(terminal.now(), entry.decidedAt)}.`,
    );
  if (entry.status === "pending") lines.push(...timesOf(terminal, entry), "", replyCommand(entry));
  return `${lines.join("\n")}\n`;
}

/** Whom an entry waits for and until when. */
function timesOf(terminal: Terminal, entry: InboxEntry): string[] {
  const lines: string[] = [];
  if (entry.assignee !== null) lines.push(`For ${oneLine(entry.assignee, 60)} to decide.`);
  if (entry.expiresAt !== null) {
    const then = entry.onExpiry === "assume" ? "it goes on with its assumption" : "it counts as denied";
    lines.push(`Expires ${relativeTime(terminal.now(), entry.expiresAt)}; then ${then}.`);
  }
  return lines.length === 0 ? [] : ["", ...lines];
}
