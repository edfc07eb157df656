import type { Artifact, PreviewKind } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useArtifactList } from "../features/artifact/use-artifacts.ts";
import { formatAgo, formatBytes } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { useView } from "../live/use-live.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Icon } from "../ui/icon.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

const KINDS: Record<PreviewKind, string> = {
  markdown: "Text",
  text: "Plain text",
  table: "Table",
  image: "Picture",
  pdf: "PDF",
  document: "Document",
  other: "File",
};
const STATUSES = [
  { value: "published", label: "Published" },
  { value: "archived", label: "Archived" },
] as const;

/** What agents have published for people. */
export function ArtifactsScreen() {
  const [status, setStatus] = useState<Artifact["status"]>("published");
  const { query, artifacts } = useArtifactList(status);
  return (
    <Page
      title="Artifacts"
      actions={<Choice label="Which artifacts" options={STATUSES} value={status} onChange={setStatus} />}
    >
      {query.error === null ? null : <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {artifacts.length > 0 ? (
        <ul className="flex flex-col gap-2">
          {artifacts.map((artifact) => (
            <li key={artifact.id}>
              <ArtifactRow artifact={artifact} />
            </li>
          ))}
        </ul>
      ) : query.isPending && query.error === null ? (
        <Loading rows={4} label="Loading artifacts" />
      ) : query.error === null ? (
        <Empty icon="artifact" title={status === "published" ? "Nothing is published yet" : "Nothing is archived"}>
          Reports, tables and other results that agents publish for you are listed here.
        </Empty>
      ) : null}
      {query.hasNextPage ? (
        <Button className="mt-3" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show older
        </Button>
      ) : null}
    </Page>
  );
}

function ArtifactRow({ artifact }: { artifact: Artifact }) {
  const now = useNow();
  const agentName = useView((view) => view.agents[artifact.agentId]?.name);
  const goalTitle = useView((view) => (artifact.goalId === null ? undefined : view.goals[artifact.goalId]?.title));
  const facts = [
    KINDS[artifact.kind],
    `version ${artifact.version}`,
    formatBytes(artifact.bytes),
    agentName,
    goalTitle,
    formatAgo(artifact.updatedAt, now),
  ].filter((fact) => fact !== undefined);
  return (
    <Link
      to="/artifacts/$artifactId"
      params={{ artifactId: artifact.id }}
      className="flex min-h-16 items-center gap-3 rounded-xl border border-line bg-raised px-4 py-3 hover:border-strong-line"
    >
      <Icon name="artifact" className="size-5 shrink-0 text-quiet" />
      <span className="min-w-0 flex-1">
        <span className="block font-medium text-wrap-anywhere">{artifact.title}</span>
        <span className="block text-xs text-quiet text-wrap-anywhere">{facts.join(" · ")}</span>
      </span>
      {artifact.openComments === 0 ? null : (
        <span className="shrink-0 text-xs font-medium text-warn">
          {artifact.openComments === 1 ? "1 open comment" : `${artifact.openComments} open comments`}
        </span>
      )}
    </Link>
  );
}
