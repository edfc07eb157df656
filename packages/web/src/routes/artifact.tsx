import type { Artifact, ArtifactDetail } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { CommentsSection } from "../features/artifact/comments-section.tsx";
import { DifferenceSection } from "../features/artifact/difference-section.tsx";
import { useArtifact } from "../features/artifact/use-artifacts.ts";
import { PreviewView } from "../features/preview/preview-view.tsx";
import { formatAgo } from "../lib/format.ts";
import { client } from "../lib/session.ts";
import { useNow } from "../lib/use-now.ts";
import { useView } from "../live/use-live.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Select } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { toast, toastFailure } from "../ui/toast.tsx";

/** One artifact: to look at, compare, comment and take along. */
export function ArtifactScreen() {
  const { artifactId } = useParams({ from: "/shell/artifacts/$artifactId" });
  const query = useArtifact(artifactId);
  if (query.data === undefined) {
    return (
      <Page title="Artifact" backTo="/artifacts">
        {query.error === null ? (
          <Loading rows={4} label="Loading the artifact" />
        ) : (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  return <Shown key={query.data.artifact.id} detail={query.data} onChanged={() => void query.refetch()} />;
}

function Shown({ detail, onChanged }: { detail: ArtifactDetail; onChanged: () => void }) {
  const { artifact, versions, comments, fileNote } = detail;
  const [chosen, setChosen] = useState<number | null>(null);
  const [isComparing, setComparing] = useState(false);
  // Until somebody chooses, a new version is shown as soon as it is there.
  const version = versions.find(({ number }) => number === chosen) ?? versions[0];
  const number = version?.number ?? artifact.version;
  const url = `/api/artifacts/${encodeURIComponent(artifact.id)}/versions/${number}/content`;
  return (
    <Page
      title={artifact.title}
      backTo="/artifacts"
      actions={
        <>
          <a href={url} download={version?.file ?? artifact.name} className={buttonClass()}>
            <Icon name="down" className="size-4.5" /> Download
          </a>
          <ArchiveButton artifact={artifact} onChanged={onChanged} />
        </>
      }
    >
      <About artifact={artifact} />
      {fileNote === null ? null : <p className="mb-3 rounded-lg bg-warn-soft px-3 py-2 text-sm">{fileNote}</p>}
      <div className="mb-3 flex flex-wrap items-end gap-2">
        <div className="min-w-48 flex-1 md:max-w-80">
          <Select label="Version" value={number} onChange={({ target }) => setChosen(Number(target.value))}>
            {versions.map((one) => (
              <option key={one.id} value={one.number}>
                {`Version ${one.number}${one.origin === "hand" ? ", changed by hand" : ""}${one.number === artifact.version ? ", newest" : ""}`}
              </option>
            ))}
          </Select>
        </div>
        {number > 1 ? (
          <Button
            aria-pressed={isComparing}
            className="min-h-11 md:min-h-11"
            onClick={() => setComparing(!isComparing)}
          >
            {isComparing ? "Hide what changed" : "Show what changed"}
          </Button>
        ) : null}
      </div>
      {version?.note ? (
        <p className="mb-3 text-sm text-quiet text-wrap-anywhere">The agent says: {version.note}</p>
      ) : null}
      {isComparing && number > 1 ? <DifferenceSection artifactId={artifact.id} version={number} /> : null}
      <VersionPreview artifactId={artifact.id} version={number} url={url} />
      <CommentsSection artifactId={artifact.id} version={number} comments={comments} onChanged={onChanged} />
    </Page>
  );
}

function About({ artifact }: { artifact: Artifact }) {
  const now = useNow();
  const agentName = useView((view) => view.agents[artifact.agentId]?.name);
  const link = "inline-flex min-h-11 items-center hover:underline md:min-h-6";
  return (
    <p className="mb-3 flex flex-wrap items-center gap-x-3 text-sm text-quiet">
      <span>{formatAgo(artifact.updatedAt, now)}</span>
      <Link to="/agents/$agentId" params={{ agentId: artifact.agentId }} className={link}>
        {agentName ?? "The agent"}
      </Link>
      {artifact.goalId === null ? null : (
        <Link to="/goals/$goalId" params={{ goalId: artifact.goalId }} className={link}>
          Its goal
        </Link>
      )}
      <Link to="/threads/$threadId" params={{ threadId: artifact.threadId }} className={link}>
        Its thread
      </Link>
      <span className="font-mono text-xs text-wrap-anywhere">{artifact.path}</span>
    </p>
  );
}

function VersionPreview({ artifactId, version, url }: { artifactId: string; version: number; url: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["artifacts", artifactId, "preview", version],
    queryFn: () => client.previewArtifact({ params: { artifact: artifactId, version: `${version}` } }),
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={4} label="Loading the preview" />;
  return <PreviewView key={version} preview={data} contentUrl={url} />;
}

function ArchiveButton({ artifact, onChanged }: { artifact: Artifact; onChanged: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const isArchived = artifact.status === "archived";
  const press = async () => {
    setBusy(true);
    const input = { params: { artifact: artifact.id } };
    try {
      await (isArchived ? client.unarchiveArtifact(input) : client.archiveArtifact(input));
      toast(isArchived ? "It is in the list again." : "Archived. Everything of it stays.");
      onChanged();
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button busy={isBusy} onClick={() => void press()}>
      {isArchived ? "Put back" : "Archive"}
    </Button>
  );
}
