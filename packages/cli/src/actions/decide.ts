import {
  AppError,
  type DecisionScope,
  type EditApproval,
  type InboxEntry,
  type InboxReplyResult,
} from "@bureau/protocol";
import { answer as writeAnswer, argument, readWhole } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { oneLine } from "../present/text.ts";
import { resolveEntry } from "../references.ts";
import { shownList } from "../shown-list.ts";

const MAX_CHOICES = 100;
const CONFLICT = 5;

type DecisionWord = "approve" | "deny" | "dismiss";

type Reach = "run" | "goal" | "always";
interface DecideOptions {
  note?: string;
  for?: Reach;
}

const SCOPES: Record<Reach, DecisionScope> = { run: "run", goal: "goal", always: "rule" };
const REACH_WORDS: Record<Reach, string> = { run: "for this run", goal: "for this goal", always: "always" };

export async function approve(call: Call<DecideOptions>): Promise<number> {
  return decide(call, "approve");
}

export async function deny(call: Call<DecideOptions>): Promise<number> {
  return decide(call, "deny");
}

export async function dismiss(call: Call<DecideOptions>): Promise<number> {
  return decide(call, "dismiss");
}

/** One reply in words to the list that was shown last. */
export async function reply(call: Call): Promise<number> {
  const result = await sendReply(await connect(call), argument(call, 0));
  return writeResult(call, result);
}

/** One decision on several entries. One that cannot be decided does not stop the others. */
async function decide(call: Call<DecideOptions>, decision: DecisionWord): Promise<number> {
  const connection = await connect(call);
  const given = (call.args[0] as string[]).map((text) => text.trim());
  const result = given.every(isSimple)
    ? await decideEach(connection, given.flatMap(splitNumbers), decision, call.options)
    : await decideByWords(connection, given.join(" "), decision, call.options);
  return writeResult(call, result);
}

function writeResult(call: Call<object>, result: InboxReplyResult): number {
  writeAnswer(call, result, () => resultText(result));
  return result.failed.length > 0 ? CONFLICT : 0;
}

/** Numbers and ids; anything else is a reply in words, which the server reads. */
function isSimple(text: string): boolean {
  return /^\d+(\s*,\s*\d+)*,?$/.test(text) || /^[a-z]+_[0-9a-z]+$/.test(text);
}

function splitNumbers(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

async function decideEach(
  connection: Connection,
  references: readonly string[],
  decision: DecisionWord,
  options: DecideOptions,
): Promise<InboxReplyResult> {
  const found: InboxEntry[] = [];
  for (const reference of references) found.push(await findEntry(connection, reference));
  const result: InboxReplyResult = { entries: [], failed: [] };
  for (const entry of found) {
    try {
      const body = {
        decision,
        ...(options.note === undefined ? {} : { note: options.note }),
        ...(options.for === undefined ? {} : { scope: SCOPES[options.for] }),
      };
      result.entries.push(await connection.client.decideInboxEntry({ params: { entryId: entry.id }, body }));
    } catch (error) {
      if (!(error instanceof AppError) || found.length === 1) throw error;
      result.failed.push({ entryId: entry.id, message: error.message });
    }
  }
  return result;
}

async function decideByWords(
  connection: Connection,
  text: string,
  decision: DecisionWord,
  { note, for: reach }: DecideOptions,
): Promise<InboxReplyResult> {
  if (note !== undefined || decision === "dismiss") {
    throw new AppError(
      "invalid",
      `The reply "${oneLine(text, 80)}" is in words, and ${note === undefined ? "dismissing" : "a note"} needs numbers or ids.`,
      {
        hint: "Write numbers of the list shown last, such as 4,5,7.",
      },
    );
  }
  if (/[;\n]/.test(text) && (reach !== undefined || decision === "deny")) {
    throw new AppError("invalid", `The reply "${oneLine(text, 80)}" has several parts, which decide for themselves.`, {
      hint: "Use `bureau inbox reply`, and say it in each part: `1 for this goal; 2 no`.",
    });
  }
  const words = decision === "deny" ? `no ${text}` : text;
  return sendReply(connection, reach === undefined ? words : `${words} ${REACH_WORDS[reach]}`);
}

async function sendReply(connection: Connection, text: string): Promise<InboxReplyResult> {
  const entries = await shownList(connection);
  if (entries.length === 0)
    throw new AppError("not_found", "Nothing waits in the inbox.", {
      hint: "`bureau goal list` shows what is at work.",
    });
  return connection.client.replyToInbox({ body: { text, entries } });
}

/** The entry of a number in the list shown last, or of an id or its beginning. */
export async function findEntry(connection: Connection, reference: string): Promise<InboxEntry> {
  if (!/^\d+$/.test(reference)) return resolveEntry(connection.client, reference);
  const list = await shownList(connection);
  const id = list[Number(reference) - 1];
  if (id !== undefined) return connection.client.getInboxEntry({ params: { entryId: id } });
  throw new AppError("not_found", `There is no number ${reference} in the list shown last, which has ${list.length}.`, {
    hint: "`bureau inbox list` shows what waits, with a number each.",
  });
}

export async function editEntry(call: Call<{ set?: string[]; arguments?: string }>): Promise<void> {
  const connection = await connect(call);
  const entry = await findEntry(connection, argument(call, 0));
  const edited = await connection.client.editInboxEntry({
    params: { entryId: entry.id },
    body: readArguments(call, entry),
  });
  writeAnswer(
    call,
    edited,
    () => `Changed: ${oneLine(edited.title, 300)}\nIt still waits for your yes: bureau inbox approve ${edited.id}\n`,
  );
}

function readArguments(call: Call<{ set?: string[]; arguments?: string }>, entry: InboxEntry): EditApproval {
  const { set, arguments: whole } = call.options;
  if (whole !== undefined) return { arguments: readObject(whole) };
  if (set === undefined) {
    throw new AppError("invalid", "Nothing to change was given.", {
      hint: "Use --set KEY=VALUE, or --arguments with a JSON object.",
    });
  }
  const before = (entry.detail as { arguments?: unknown } | null)?.arguments;
  const args: Record<string, unknown> = typeof before === "object" && before !== null ? { ...before } : {};
  for (const pair of set) {
    const at = pair.indexOf("=");
    if (at < 1)
      throw new AppError("invalid", `--set cannot be "${oneLine(pair, 80)}".`, { hint: "Write it as KEY=VALUE." });
    args[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return { arguments: args as EditApproval["arguments"] };
}

function readObject(text: string): EditApproval["arguments"] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as EditApproval["arguments"];
  } catch (error) {
    throw new AppError(
      "invalid",
      `--arguments is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  throw new AppError("invalid", "--arguments is not a JSON object.", { hint: 'Write it as {"command":"ls"}.' });
}

export async function answer(call: Call<{ choice?: string }>): Promise<void> {
  const connection = await connect(call);
  const choice = readWhole("--choice", call.options.choice, { min: 1, max: MAX_CHOICES });
  const text = call.args[1] as string | undefined;
  if ((text === undefined) === (choice === undefined)) {
    throw new AppError("invalid", "An answer is given either as text or with --choice.", {
      hint: 'Write it as `bureau inbox answer 1 "The spring launch"`.',
    });
  }
  const entry = await findEntry(connection, argument(call, 0));
  const body = choice === undefined ? { text: text ?? "" } : { choice };
  const answered = await connection.client.answerInboxEntry({ params: { entryId: entry.id }, body });
  writeAnswer(call, answered, () => `Answered: ${oneLine(answered.title, 300)}\n`);
}

function resultText(result: InboxReplyResult): string {
  const lines = result.entries.map((entry) => `${stateOf(entry)}: ${oneLine(entry.title, 300)}`);
  const failed = result.failed.map((one) => `not decided: ${oneLine(one.message, 300)}`);
  return `${[...lines, ...failed].join("\n")}\n`;
}

/** What became of an entry: one that was only given away still waits. */
function stateOf(entry: InboxEntry): string {
  if (entry.status !== "pending" || entry.assignee === null) return entry.status;
  return `for ${oneLine(entry.assignee, 60)}`;
}
