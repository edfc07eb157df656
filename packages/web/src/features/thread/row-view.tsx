import type { InboxEntry } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import { formatBytes, formatClock, formatDay, formatWhole } from "../../lib/format.ts";
import { queries } from "../../live/load.ts";
import type { Draft } from "../../live/store.ts";
import { Icon } from "../../ui/icon.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { useInboxEntry, useIsPast } from "./past-inbox.ts";
import type { Row } from "./rows.ts";
import { Fold, Work } from "./work.tsx";

interface RowViewProps {
  row: Row;
  agentName: string;
  opened: ReadonlySet<string>;
  onToggle: (key: string) => void;
}

type RowOf<T extends Row["kind"]> = Extract<Row, { kind: T }>;

/** One line of a conversation. */
export function RowView({ row, agentName, opened, onToggle }: RowViewProps) {
  switch (row.kind) {
    case "day":
      return <DayLine at={row.at} />;
    case "message":
      return <Message row={row} agentName={agentName} />;
    case "draft":
      return (
        <DraftMessage draft={row.draft} agentName={agentName} rowKey={row.key} opened={opened} onToggle={onToggle} />
      );
    case "reasoning":
      return (
        <Reasoning text={row.content.text} isOpen={opened.has(row.key)} onToggle={() => onToggle(row.key)}>
          Thoughts
        </Reasoning>
      );
    case "work":
      return <Work rowKey={row.key} calls={row.calls} opened={opened} onToggle={onToggle} />;
    case "question":
      return <Question entryId={row.content.questionId} text={row.content.text} />;
    case "approval":
      return <Approval row={row} />;
    case "artifact":
      return <Artifact row={row} />;
    case "notice":
      return <Notice>{row.content.text}</Notice>;
    case "summary":
      return <Summary row={row} isOpen={opened.has(row.key)} onToggle={() => onToggle(row.key)} />;
  }
}

function DayLine({ at }: { at: string }) {
  return (
    <p className="flex items-center gap-3 py-2 text-xs text-quiet" title={formatWhole(at)}>
      <span className="h-px flex-1 bg-line" />
      {formatDay(at)}
      <span className="h-px flex-1 bg-line" />
    </p>
  );
}

const ROLES = { person: "You", agent: "", runtime: "Bureau" } as const;

function Message({ row, agentName }: { row: RowOf<"message">; agentName: string }) {
  const { role, text, blob } = row.content;
  const isPerson = role === "person";
  return (
    <article className={clsx("py-2", isPerson && "flex flex-col items-end")}>
      <Byline name={ROLES[role] || agentName} at={row.item.createdAt} />
      <div
        className={clsx(
          "max-w-full",
          isPerson && "rounded-2xl border border-line bg-raised px-4 py-2.5 md:max-w-[85%]",
        )}
      >
        <Markdown text={text} />
        {blob === undefined ? null : (
          <p className="text-sm text-quiet">This is its beginning; the whole is {formatBytes(blob.bytes)}.</p>
        )}
      </div>
    </article>
  );
}

function Byline({ name, at }: { name: string; at: string | null }) {
  return (
    <p className="mb-0.5 flex items-baseline gap-2 text-xs text-quiet">
      <span className="font-medium">{name}</span>
      {at === null ? null : (
        <time dateTime={at} title={formatWhole(at)}>
          {formatClock(at)}
        </time>
      )}
    </p>
  );
}

interface DraftProps {
  draft: Draft;
  agentName: string;
  rowKey: string;
  opened: ReadonlySet<string>;
  onToggle: (key: string) => void;
}

/** An answer while it is written. Where its beginning was not heard, that is said: the whole comes when it is done. */
function DraftMessage({ draft, agentName, rowKey, opened, onToggle }: DraftProps) {
  return (
    <article className="py-2" aria-busy="true">
      <Byline name={agentName} at={null} />
      {draft.reasoning === "" ? null : (
        <Reasoning text={draft.reasoning} isOpen={opened.has(rowKey)} onToggle={() => onToggle(rowKey)}>
          {draft.text === "" ? "Thinks" : "Thoughts"}
        </Reasoning>
      )}
      {draft.isCut && draft.text !== "" ? (
        <p className="text-sm text-quiet">The beginning comes when the answer is finished …</p>
      ) : null}
      {draft.text === "" ? null : <Markdown text={draft.text} isStreaming />}
    </article>
  );
}

interface ReasoningProps {
  text: string;
  isOpen: boolean;
  onToggle: () => void;
  children: string;
}

function Reasoning({ text, isOpen, onToggle, children }: ReasoningProps) {
  return (
    <div>
      <Fold isOpen={isOpen} onToggle={onToggle}>
        {children}
      </Fold>
      {isOpen ? (
        <div className="mb-2 ml-3 border-l border-line pl-4 text-sm text-quiet">
          <Markdown text={text} />
        </div>
      ) : null}
    </div>
  );
}

const ENTRY_WORDS: Record<InboxEntry["status"], string> = {
  pending: "Waits for you",
  approved: "Approved",
  denied: "Denied",
  answered: "Answered",
  dismissed: "No longer needed",
  expired: "Not decided in time",
};

function Question({ entryId, text }: { entryId: string; text: string }) {
  const entry = useInboxEntry((inbox) => inbox[entryId]);
  const isPast = useIsPast();
  useQuery({ ...queries.inboxEntry(entryId), enabled: entry === undefined && !isPast });
  const isPending = entry?.status === "pending";
  return (
    <Link
      to="/inbox/$entryId"
      params={{ entryId }}
      className={clsx(
        "my-2 flex min-h-11 items-start gap-3 rounded-xl border px-4 py-3",
        isPending ? "border-info bg-info-soft" : "border-line bg-raised",
      )}
    >
      <Icon name="question" className="mt-0.5 size-5 shrink-0 text-info" />
      <span className="min-w-0 flex-1">
        <span className="block text-wrap-anywhere">{text}</span>
        <span className="block text-sm text-quiet text-wrap-anywhere">
          {entry === undefined ? "A question" : ENTRY_WORDS[entry.status]}
          {entry?.answer ? `: ${entry.answer}` : ""}
        </span>
      </span>
      {isPending ? <span className="shrink-0 font-medium text-info">Answer</span> : null}
    </Link>
  );
}

const DECISIONS = {
  approved: "Approved",
  denied: "Denied",
  expired: "Not decided in time, so it was not done",
} as const;

function Approval({ row }: { row: RowOf<"approval"> }) {
  const { approvalId, decision, note } = row.content;
  return (
    <Link
      to="/inbox/$entryId"
      params={{ entryId: approvalId }}
      className="-ml-2 flex min-h-11 items-center gap-2 rounded-lg px-2 text-sm text-quiet hover:bg-sunken hover:text-ink md:min-h-8"
    >
      <Icon name="shield" className="size-4 shrink-0" />
      <span className="min-w-0 text-wrap-anywhere">
        {DECISIONS[decision]}
        {note === undefined ? "" : `: ${note}`}
      </span>
    </Link>
  );
}

function Notice({ children }: { children: ReactNode }) {
  return (
    <p className="my-1 flex items-start gap-2 rounded-lg bg-sunken px-3 py-2 text-sm text-quiet text-wrap-anywhere">
      <Icon name="bell" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 whitespace-pre-line">{children}</span>
    </p>
  );
}

function Summary({ row, isOpen, onToggle }: { row: RowOf<"summary">; isOpen: boolean; onToggle: () => void }) {
  return (
    <div>
      <Fold isOpen={isOpen} onToggle={onToggle}>
        Older messages were summarised for the model; they stay here
      </Fold>
      {isOpen ? (
        <div className="mb-2 ml-3 border-l border-line pl-4 text-sm text-quiet">
          <Markdown text={row.content.text} />
        </div>
      ) : null}
    </div>
  );
}

function Artifact({ row: { content } }: { row: RowOf<"artifact"> }) {
  const id = "artifactId" in content && typeof content.artifactId === "string" ? content.artifactId : null;
  const look = "my-2 flex min-h-11 items-center gap-3 rounded-xl border border-line bg-raised px-4 py-2";
  const inner = (
    <>
      <Icon name="artifact" className="size-5 shrink-0 text-accent" />
      <span className="min-w-0 flex-1">
        <span className="block font-medium text-wrap-anywhere">{content.title}</span>
        <span className="block text-sm text-quiet text-wrap-anywhere">Published from {content.path}</span>
      </span>
      <Icon name="forward" className="size-4 text-quiet" />
    </>
  );
  return id === null ? (
    <Link to="/artifacts" className={look}>
      {inner}
    </Link>
  ) : (
    <Link to="/artifacts/$artifactId" params={{ artifactId: id }} className={look}>
      {inner}
    </Link>
  );
}
