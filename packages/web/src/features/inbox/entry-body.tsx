import type { InboxEntry } from "@bureau/protocol";
import { ActionView } from "../../lib/action-view.tsx";
import { formatUntil, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { EVIDENCE_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { InertBox, InertText } from "../../ui/inert-box.tsx";
import { type ActionDetail, type EntryDetail, type FindingDetail, readDetail } from "./detail.ts";

const SHOWN_SOURCES = 3;

interface EntryBodyProps {
  entry: InboxEntry;
  folder: string | undefined;
  isWhole: boolean;
}

/** What an entry is about: why it asks, where it came from, and the thing itself. */
export function EntryBody({ entry, folder, isWhole }: EntryBodyProps) {
  const detail = readDetail(entry);
  return (
    <>
      {detail.action === null ? null : <Why action={detail.action} isWhole={isWhole} entry={entry} />}
      {detail.action === null ? null : (
        <ActionView preview={detail.action.preview} targets={detail.action.targets} folder={folder} isWhole={isWhole} />
      )}
      {entry.kind === "question" ? <Assumption entry={entry} detail={detail} /> : null}
      {entry.kind === "sign_off" ? <Evidence detail={detail} isWhole={isWhole} /> : null}
      <WhatHappened entry={entry} detail={detail} />
      {entry.answer === null ? null : (
        <InertBox caption={entry.kind === "question" ? "The answer" : "The reason given"}>
          <InertText text={entry.answer} isWhole={isWhole} />
        </InertBox>
      )}
      {detail.rules.length === 0 ? null : (
        <InertBox caption="Rules made with this decision">
          <ul className="list-disc pl-5">
            {detail.rules.map((rule) => (
              <li key={rule}>{visibleText(rule)}</li>
            ))}
          </ul>
        </InertBox>
      )}
    </>
  );
}

function Why({ action, isWhole, entry }: { action: ActionDetail; isWhole: boolean; entry: InboxEntry }) {
  const shown = isWhole ? action.sources : action.sources.slice(0, SHOWN_SOURCES);
  const more = action.sources.length - shown.length;
  const saysOutside = entry.kind === "approval" && entry.status === "pending" && action.isOutside;
  if (action.reason === null && shown.length === 0 && !saysOutside && action.editedBy === null) return null;
  return (
    <div className="flex flex-col gap-1 text-sm">
      {action.reason === null ? null : (
        <p className="flex gap-1.5">
          <Icon name="shield" className="mt-0.5 size-4 shrink-0 text-quiet" />
          <span className="text-wrap-anywhere">
            <span className="text-quiet">Why it asks: </span>
            {visibleText(action.reason)}
          </span>
        </p>
      )}
      {shown.length === 0 ? null : (
        <p className="flex gap-1.5">
          <Icon name="link" className="mt-0.5 size-4 shrink-0 text-quiet" />
          <span className="text-wrap-anywhere">
            <span className="text-quiet">It had read from outside: </span>
            {shown
              .map(({ name, tool }) => `${visibleText(name)}${isWhole && tool !== "" ? ` (${tool})` : ""}`)
              .join(", ")}
            {more > 0 ? ` and ${more} more` : ""}
          </span>
        </p>
      )}
      {!saysOutside ? null : (
        <p className="flex gap-1.5 text-quiet">
          <Icon name={action.isReversible ? "undo" : "external"} className="mt-0.5 size-4 shrink-0" />
          <span>
            {action.isReversible ? "It can be taken back afterwards." : "It cannot be taken back once it is done."}
          </span>
        </p>
      )}
      {action.editedBy === null ? null : (
        <p className="flex gap-1.5">
          <Icon name="edit" className="mt-0.5 size-4 shrink-0 text-quiet" />
          <span>
            {visibleText(action.editedBy)} has changed this since the agent asked. What stands here is what would be
            done.
          </span>
        </p>
      )}
    </div>
  );
}

function Assumption({ entry, detail }: { entry: InboxEntry; detail: EntryDetail }) {
  const now = useNow();
  if (detail.assumption === null && entry.expiresAt === null) return null;
  const until = entry.expiresAt;
  return (
    <InertBox caption="If nobody answers">
      {detail.assumption === null ? (
        <p>It decides itself what can be undone, and says what it chose.</p>
      ) : (
        <p>
          It goes on with this{until === null ? " if you put the question away" : ""}: {visibleText(detail.assumption)}
        </p>
      )}
      {until === null || entry.status !== "pending" ? null : (
        <p className="text-sm text-quiet" title={formatWhole(until)}>
          Taken {formatUntil(until, now)}.
        </p>
      )}
    </InertBox>
  );
}

function Evidence({ detail, isWhole }: { detail: EntryDetail; isWhole: boolean }) {
  return (
    <>
      {detail.requirement === null ? null : (
        <p className="text-sm">
          <span className="text-quiet">To be signed off: </span>
          {visibleText(detail.requirement)}
        </p>
      )}
      {detail.done === null ? null : (
        <p className="text-sm">
          <span className="text-quiet">Done means: </span>
          {visibleText(detail.done)}
        </p>
      )}
      {detail.evidence.length === 0 ? null : (
        <InertBox caption="What the checks found">
          <ul className="flex flex-col gap-3">
            {detail.evidence.map((finding, index) => (
              <Finding key={index} finding={finding} isWhole={isWhole} />
            ))}
          </ul>
        </InertBox>
      )}
    </>
  );
}

function Finding({ finding, isWhole }: { finding: FindingDetail; isWhole: boolean }) {
  const isAsked = finding.kind === "person" && finding.status !== "verified";
  return (
    <li>
      <div className="flex flex-wrap items-start gap-x-2">
        {isAsked ? (
          <Badge look={{ label: "Your word", tone: "info", icon: "person" }} />
        ) : (
          <Badge look={EVIDENCE_LOOKS[finding.status]} />
        )}
        <span className="min-w-0 flex-1 text-wrap-anywhere">{visibleText(finding.requirement)}</span>
      </div>
      {finding.detail === "" || isAsked ? null : (
        <div className="mt-1 text-sm text-quiet">
          <InertText text={finding.detail} isWhole={isWhole} isCode={finding.kind === "command"} />
        </div>
      )}
    </li>
  );
}

/** Of what stopped: the obstacle, and what can be done. The sentence itself is the title. */
function WhatHappened({ entry, detail }: { entry: InboxEntry; detail: EntryDetail }) {
  const advice = adviceFor(entry, detail);
  return (
    <>
      {detail.obstacle === null ? null : (
        <InertBox caption="What stood in the way, in the agent's words">
          <InertText text={detail.obstacle} />
        </InertBox>
      )}
      {advice === null ? null : (
        <p className="text-sm">
          <span className="text-quiet">What can be done: </span>
          {advice}
        </p>
      )}
    </>
  );
}

function adviceFor(entry: InboxEntry, { toDo, failure }: EntryDetail): string | null {
  if (entry.status !== "pending") return null;
  if (entry.kind === "unknown_effect") {
    return "Ask the service, or look there yourself. It is not tried again until somebody says that it did not take place.";
  }
  if (toDo !== null) return visibleText(toDo);
  if (failure !== null && Object.hasOwn(ADVICE, failure)) return ADVICE[failure] ?? null;
  return entry.kind === "sign_in" ? "Sign in again where the connector says, then put this away." : null;
}

const ADVICE: Readonly<Record<string, string>> = {
  budget: "Raise the budget of the goal and resume it, or leave it stopped.",
  step_limit: "Resume the goal with a fresh run, or make the goal smaller.",
  time_limit: "Resume the goal with a fresh run, or give it more time.",
  no_progress: "Tell the agent in its thread what it misses, then resume the goal.",
  repeated_call: "Tell the agent in its thread another way, then resume the goal.",
  model: "See Health for what the model's provider says, then resume.",
  model_refused: "Put the goal in other words, or choose another model.",
  usage_limit: "Wait until the provider's limit is over, then resume.",
  blocked: "Remove the obstacle, then resume the goal.",
  crash_loop: "See Health and the log of the server, then resume.",
  internal: "This is a fault of Bureau. The log of the server says more; resuming may help.",
};
