import { Link } from "@tanstack/react-router";
import { formatClock } from "../../lib/format.ts";
import { useLive } from "../../live/use-live.ts";
import { INBOX_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { type Call, callAfterword, callSentence, entryOfCall, groupSentence } from "./calls.ts";
import { useInboxEntry } from "./past-inbox.ts";
import { PlainText, ToolViewPart } from "./tool-view.tsx";

const MAX_LIVE_CHARACTERS = 4_000;

interface Folding {
  opened: ReadonlySet<string>;
  onToggle: (key: string) => void;
}

/** Calls that follow each other: one line, which opens to a line for each, which opens to what a person sees of it. */
export function Work({ rowKey, calls, opened, onToggle }: Folding & { rowKey: string; calls: readonly Call[] }) {
  const [first] = calls;
  if (first !== undefined && calls.length === 1) return <CallLine call={first} opened={opened} onToggle={onToggle} />;
  const isOpen = opened.has(rowKey);
  const waiting = calls.filter(({ result }) => result === null);
  return (
    <div>
      <Fold isOpen={isOpen} onToggle={() => onToggle(rowKey)} isAtWork={waiting.length > 0}>
        {groupSentence(calls)}
      </Fold>
      {isOpen ? (
        <div className="ml-3 border-l border-line pl-3">
          {calls.map((call) => (
            <CallLine key={call.id} call={call} opened={opened} onToggle={onToggle} />
          ))}
        </div>
      ) : (
        waiting.map((call) => <Waiting key={call.id} callId={call.id} />)
      )}
    </div>
  );
}

/** One call, in words; opened, what it was given and what came of it. */
export function CallLine({ call, opened, onToggle }: Folding & { call: Call }) {
  const key = `call-${call.id}`;
  const isOpen = opened.has(key);
  const afterword = callAfterword(call);
  const source = call.result?.source;
  return (
    <div>
      <Fold isOpen={isOpen} onToggle={() => onToggle(key)} isAtWork={call.result === null}>
        {callSentence(call)}
        {afterword === "" ? null : <span className="text-bad"> {afterword}</span>}
        {source === undefined ? null : <span className="text-warn"> · from outside</span>}
      </Fold>
      {call.result === null ? <Waiting callId={call.id} /> : null}
      {isOpen ? <CallDetail call={call} /> : null}
    </div>
  );
}

function CallDetail({ call }: { call: Call }) {
  const { result } = call;
  const argumentText = JSON.stringify(call.arguments, null, 2);
  return (
    <div className="inert-content mb-2 ml-3 overflow-hidden rounded-lg border border-line bg-sunken">
      {result?.source === undefined ? null : (
        <p className="flex items-center gap-2 border-b border-line bg-warn-soft px-3 py-1.5 text-sm text-warn">
          <Icon name="external" className="size-4 shrink-0" />
          Content from outside: {result.source.name}. It is shown, not followed.
        </p>
      )}
      {result?.view === undefined ? null : <ToolViewPart view={result.view} />}
      {result === null ? <LiveOutput callId={call.id} /> : null}
      {result === null || result.view !== undefined ? null : <PlainText text={result.text || "No text."} />}
      {result?.blob === undefined ? null : <p className="px-3 pb-2 text-sm text-quiet">This is only its beginning.</p>}
      {argumentText === "{}" || argumentText === undefined ? null : (
        <details className="border-t border-line">
          <summary className="min-h-9 cursor-pointer px-3 py-2 text-sm text-quiet">What it was given</summary>
          <PlainText text={argumentText} />
        </details>
      )}
      <p className="border-t border-line px-3 py-1.5 text-sm text-quiet">
        {call.name}, {formatClock(call.at)}
        {call.endedAt === null ? "" : ` to ${formatClock(call.endedAt)}`}
      </p>
    </div>
  );
}

/** What a tool at work has put out so far, as much of its end as is worth looking at. */
function LiveOutput({ callId }: { callId: string }) {
  const output = useLive(({ view, drafts }) => drafts[view.toolCalls[callId]?.stepId ?? ""]?.output ?? "");
  return output === "" ? null : <PlainText text={output.slice(-MAX_LIVE_CHARACTERS)} />;
}

/** A call that waits for a person links to where it is decided. */
function Waiting({ callId }: { callId: string }) {
  const entry = useInboxEntry((inbox) => entryOfCall(callId, Object.values(inbox)));
  if (entry === undefined) return null;
  return (
    <Link
      to="/inbox/$entryId"
      params={{ entryId: entry.id }}
      className="my-1 flex min-h-11 items-center gap-3 rounded-xl border border-warn bg-warn-soft px-4 py-2 text-ink"
    >
      <Badge look={INBOX_LOOKS[entry.kind]} />
      <span className="min-w-0 flex-1 text-wrap-anywhere">{entry.title}</span>
      <span className="shrink-0 font-medium">Decide</span>
      <Icon name="forward" className="size-4" />
    </Link>
  );
}

interface FoldProps {
  isOpen: boolean;
  onToggle: () => void;
  isAtWork?: boolean;
  children: React.ReactNode;
}

/** A quiet line that opens. */
export function Fold({ isOpen, onToggle, isAtWork = false, children }: FoldProps) {
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onToggle}
      className="-ml-2 flex min-h-11 w-full items-center gap-2 rounded-lg px-2 py-1 text-left text-sm text-quiet hover:bg-sunken hover:text-ink md:min-h-8"
    >
      <Icon name={isOpen ? "down" : "forward"} className="size-3.5 shrink-0" />
      <span className="min-w-0 text-wrap-anywhere">{children}</span>
      {isAtWork ? <span className="size-1.5 shrink-0 animate-pulse rounded-full bg-info" aria-hidden="true" /> : null}
    </button>
  );
}
