import type { InboxEntry, InboxReplyResult } from "@bureau/protocol";
import { type FormEvent, useId, useState } from "react";
import { client } from "../../lib/session.ts";
import { layThings, readLive } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { problemOf } from "./acts.ts";
import { outcomeOf, sentenceOf } from "./words.ts";

const MAX_REPLY_CHARACTERS = 2_000;

interface ReplyFormProps {
  /** The shown order, which the numbers mean. */
  order: readonly string[];
  known: Readonly<Record<string, InboxEntry>>;
}

/** Several decisions in words, by the numbers of the list. What came of each stands below. */
export function ReplyForm({ order, known }: ReplyFormProps) {
  const id = useId();
  const agents = useView((view) => view.agents);
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [lines, setLines] = useState<readonly ResultLine[]>([]);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    setLines([]);
    // What was over before is no news, whatever "all" has met.
    const wasOver = new Set(order.filter((entryId) => known[entryId]?.status !== "pending"));
    try {
      const askedAt = readLive().view.lastSeq;
      const result = await client.replyToInbox({ body: { text, entries: [...order] } });
      layThings("inbox", result.entries, askedAt);
      const nameOf = ({ agentId }: InboxEntry) => (agentId === null ? null : (agents[agentId]?.name ?? null));
      setLines(resultLines(result, order, nameOf).filter(({ id: entryId }) => !wasOver.has(entryId)));
      setText("");
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void send(event)} className="mb-4">
      <label htmlFor={id} className="sr-only">
        Reply in words
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          data-reply
          value={text}
          maxLength={MAX_REPLY_CHARACTERS}
          autoComplete="off"
          aria-describedby={`${id}-hint`}
          placeholder="4, 5 and 7 · all but 2 · 5 → @ana, Friday"
          onChange={(event) => setText(event.target.value)}
          className="min-h-11 min-w-0 flex-1 rounded-lg border border-strong-line bg-raised px-3 md:min-h-9"
        />
        <Button type="submit" icon="send" busy={isBusy} disabled={text.trim() === ""}>
          Reply
        </Button>
      </div>
      <p id={`${id}-hint`} className="sr-only">
        Numbers are those of the list. What you name is approved, unless you say no.
      </p>
      {problem === null ? null : (
        <p role="alert" className="mt-2 rounded-lg bg-bad-soft px-3 py-2 text-sm text-wrap-anywhere">
          {problem}
        </p>
      )}
      {lines.length === 0 ? null : <Results lines={lines} onClose={() => setLines([])} />}
    </form>
  );
}

interface ResultLine {
  id: string;
  number: number;
  text: string;
  isFailed: boolean;
}

function Results({ lines, onClose }: { lines: readonly ResultLine[]; onClose: () => void }) {
  return (
    <div role="status" className="mt-2 flex items-start gap-2 rounded-lg border border-line bg-raised py-1 pr-1 pl-3">
      <ol className="min-w-0 flex-1 py-1.5 text-sm">
        {lines.map(({ number, text, isFailed }) => (
          <li key={number} className={isFailed ? "text-bad text-wrap-anywhere" : "text-wrap-anywhere"}>
            {number}. {text}
          </li>
        ))}
      </ol>
      <IconButton icon="close" label="Close the results" onClick={onClose} />
    </div>
  );
}

function resultLines(
  { entries, failed }: InboxReplyResult,
  order: readonly string[],
  nameOf: (entry: InboxEntry) => string | null,
): ResultLine[] {
  const done = entries.map((entry) => ({
    id: entry.id,
    isFailed: false,
    text: `${entry.status === "pending" ? `Given to ${entry.assignee ?? "nobody"}` : outcomeOf(entry)}: ${sentenceOf(entry, nameOf(entry))}`,
  }));
  const refused = failed.map(({ entryId, message }) => ({ id: entryId, isFailed: true, text: message }));
  return [...done, ...refused]
    .map((line) => ({ ...line, number: order.indexOf(line.id) + 1 }))
    .toSorted((one, other) => one.number - other.number);
}
