import type { Artifact, Goal } from "@bureau/protocol";
import { useState } from "react";
import type { Look } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Details } from "../../ui/details.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Section } from "../../ui/page.tsx";
import { CHECK_WORDS } from "./check-form.ts";
import { type CheckedCheck, checksOf, countVerified } from "./checks.ts";
import { Finding, type GoalFiles } from "./finding.tsx";
import { useEvidence } from "./use-goal.ts";

const NOT_YET: Look = { label: "Not checked yet", tone: "neutral", icon: "clock" };

/** Every check with what it found last; what it found before is there on demand. */
export function ChecksSection({
  goal,
  artifacts,
  isChecking,
}: {
  goal: Goal;
  artifacts: readonly Artifact[];
  isChecking: boolean;
}) {
  const { query, evidence } = useEvidence(goal.id);
  const read = checksOf(goal, evidence);
  const files: GoalFiles = { agentId: goal.agentId, artifacts };
  return (
    <Section
      title={`Checks, ${countVerified(read)} of ${read.checks.length} verified`}
      actions={
        isChecking ? (
          <span role="status" className="inline-flex items-center gap-1.5 text-sm text-info">
            <Icon name="play" className="size-4" /> Being checked now
          </span>
        ) : undefined
      }
    >
      {read.isImplied ? (
        <p className="mb-2 text-sm text-quiet">No check was given, so a judge looks whether this is so.</p>
      ) : null}
      <ol className="flex flex-col gap-2">
        {read.checks.map((check, index) => (
          <li key={`${index} ${check.requirement}`} className="rounded-xl border border-line bg-raised p-4">
            <OneCheck check={check} files={files} isLoading={query.isPending} />
          </li>
        ))}
      </ol>
      {read.former.length === 0 ? null : (
        <Details className="mt-2" summary={`${read.former.length} findings of checks that were taken out`}>
          <ul className="flex flex-col gap-2 pt-1">
            {read.former.map((found) => (
              <li key={found.id} className="rounded-xl border border-line p-3">
                <p className="mb-1 text-sm text-wrap-anywhere">{found.requirement}</p>
                <Finding found={found} files={files} />
              </li>
            ))}
          </ul>
        </Details>
      )}
      {query.hasNextPage ? (
        <Button
          kind="quiet"
          className="mt-2"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Load older findings
        </Button>
      ) : null}
    </Section>
  );
}

function OneCheck({ check, files, isLoading }: { check: CheckedCheck; files: GoalFiles; isLoading: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const [newest, ...older] = check.evidence;
  return (
    <>
      <p className="text-xs text-quiet">{CHECK_WORDS[check.kind].label}</p>
      <p className="mb-2 text-wrap-anywhere">
        <Requirement check={check} />
      </p>
      {newest === undefined ? (
        <div className="min-h-6">{isLoading ? null : <Badge look={NOT_YET} />}</div>
      ) : (
        <Finding found={newest} files={files} />
      )}
      {older.length === 0 ? null : (
        <>
          <button
            type="button"
            aria-expanded={isWhole}
            onClick={() => setWhole(!isWhole)}
            className="mt-1 flex min-h-11 items-center gap-1.5 text-sm text-quiet hover:text-ink md:min-h-8"
          >
            <Icon name={isWhole ? "down" : "forward"} className="size-4" />
            {older.length === 1 ? "Checked once before" : `Checked ${older.length} times before`}
          </button>
          {isWhole ? (
            <ol className="mt-1 flex flex-col gap-2 border-l-2 border-line pl-3">
              {older.map((found) => (
                <li key={found.id}>
                  <Finding found={found} files={files} />
                </li>
              ))}
            </ol>
          ) : null}
        </>
      )}
    </>
  );
}

/** The check in words; a command stands apart from them. */
function Requirement({ check: { check, requirement } }: { check: CheckedCheck }) {
  if (!("command" in check) || !requirement.startsWith("`")) return requirement;
  const end = requirement.lastIndexOf("`");
  return end <= 0 ? (
    requirement
  ) : (
    <>
      <code className="rounded bg-sunken px-1.5 py-0.5 text-sm">{requirement.slice(1, end)}</code>
      {requirement.slice(end + 1)}
    </>
  );
}
