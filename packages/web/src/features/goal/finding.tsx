import type { Artifact, CheckKind, Evidence } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { formatAgo, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { EVIDENCE_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Details } from "../../ui/details.tsx";
import { Icon } from "../../ui/icon.tsx";

/** Where the files are that evidence names. */
export interface GoalFiles {
  agentId: string;
  artifacts: readonly Artifact[];
}

/** Where what a check found comes from: it is never ours. */
const SOURCES: Record<CheckKind, string> = {
  command: "Printed by the command",
  file: "Found in the file",
  http: "Answered by the address",
  query: "Found in the records",
  judge: "Said by the judge, a model",
  person: "Said by a person",
};

/** One time that a check was run: how it came out, when, and what was found. */
export function Finding({ found, files }: { found: Evidence; files: GoalFiles }) {
  const now = useNow();
  return (
    <div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge look={EVIDENCE_LOOKS[found.status]} />
        <time dateTime={found.checkedAt} title={formatWhole(found.checkedAt)} className="text-xs text-quiet">
          {formatAgo(found.checkedAt, now)}
        </time>
        {found.artifact === null ? null : <FoundFile path={found.artifact} files={files} />}
      </div>
      {found.detail.trim() === "" ? null : (
        <Details className="mt-1" summary="What was found" isOpen={found.status !== "verified"}>
          <figure className="rounded-lg bg-sunken p-3">
            <figcaption className="mb-1 text-xs text-quiet">{SOURCES[found.kind]}</figcaption>
            <div
              tabIndex={0}
              role="region"
              aria-label="What was found"
              className="inert-content max-h-72 overflow-y-auto text-sm whitespace-pre-wrap"
            >
              {found.detail}
            </div>
          </figure>
        </Details>
      )}
    </div>
  );
}

/** The file that shows it: as the artifact that it is, else to be taken from the agent's folder. */
function FoundFile({ path, files: { agentId, artifacts } }: { path: string; files: GoalFiles }) {
  const artifact = artifacts.find((one) => one.path === path);
  const look =
    "inline-flex min-h-11 min-w-0 items-center gap-1 font-mono text-xs text-accent underline text-wrap-anywhere md:min-h-0";
  const content = (
    <>
      <Icon name="artifact" className="size-3.5 shrink-0" />
      {path}
    </>
  );
  return artifact === undefined ? (
    <a
      href={`/api/agents/${encodeURIComponent(agentId)}/files/content?path=${encodeURIComponent(path)}`}
      download
      title="Download as it is now"
      className={look}
    >
      {content}
    </a>
  ) : (
    <Link to="/artifacts/$artifactId" params={{ artifactId: artifact.id }} className={look}>
      {content}
    </Link>
  );
}
