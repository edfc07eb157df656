import type { ArtifactDifference } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { client } from "../../lib/session.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { InertBox } from "../../ui/inert-box.tsx";
import { Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";

/** What a version changed in the one before it, line by line. */
export function DifferenceSection({ artifactId, version }: { artifactId: string; version: number }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["artifacts", artifactId, "difference", version],
    queryFn: () => client.diffArtifact({ params: { artifact: artifactId }, query: { from: version - 1, to: version } }),
  });
  return (
    <Section title={`Changed since version ${version - 1}`}>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading rows={2} label="Comparing" /> : null}
      {data === undefined ? null : <Hunks difference={data} />}
    </Section>
  );
}

const SIGNS = {
  "+": { look: "bg-accent-soft", heard: "put in: " },
  "-": { look: "bg-bad-soft", heard: "taken out: " },
  " ": { look: "text-quiet", heard: "" },
} as const;

function Hunks({ difference: { hunks, added, removed, truncated } }: { difference: ArtifactDifference }) {
  if (hunks.length === 0) return <p className="text-quiet">No line differs.</p>;
  return (
    <InertBox caption={`${added} lines put in, ${removed} taken out`}>
      {hunks.map((hunk) => (
        <div key={`${hunk.oldStart} ${hunk.newStart}`} className="mb-2 font-mono text-sm last:mb-0">
          <p className="text-xs text-quiet">From line {hunk.newStart}</p>
          {hunk.lines.map((line, index) => {
            const sign = line[0] === "+" || line[0] === "-" ? line[0] : " ";
            return (
              <div key={index} className={`-mx-3 flex gap-2 px-3 ${SIGNS[sign].look}`}>
                <span aria-hidden className="w-3 shrink-0 select-none">
                  {sign}
                </span>
                <span className="min-w-0 whitespace-pre-wrap text-wrap-anywhere">
                  <span className="sr-only">{SIGNS[sign].heard}</span>
                  {visibleText(line.slice(1))}
                </span>
              </div>
            );
          })}
        </div>
      ))}
      {truncated ? <p className="text-sm text-quiet">More differs than is shown here.</p> : null}
    </InertBox>
  );
}
