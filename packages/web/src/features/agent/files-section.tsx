import type { FileEntry, Preview } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { formatAgo, formatBytes } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";

interface FilesSectionProps {
  agentId: string;
  /** How a file is shown. */
  show: (preview: Preview, contentUrl: string) => ReactNode;
}

/** The agent's folder, to be looked through. */
export function FilesSection({ agentId, show }: FilesSectionProps) {
  const [folder, setFolder] = useState("");
  const [file, setFile] = useState<string | null>(null);
  const here = file ?? folder;
  return (
    <Section
      title="Files"
      actions={
        here === "" ? undefined : (
          <Button
            icon="back"
            onClick={() => {
              if (file === null) setFolder(folder.split("/").slice(0, -1).join("/"));
              setFile(null);
            }}
          >
            {file === null ? "Folder above" : "Back to the folder"}
          </Button>
        )
      }
    >
      <p className="mb-2 min-h-5 font-mono text-sm text-quiet text-wrap-anywhere">{here}</p>
      {file === null ? (
        <Folder
          key={folder}
          agentId={agentId}
          path={folder}
          onOpen={({ type, path }) => (type === "folder" ? setFolder(path) : setFile(path))}
        />
      ) : (
        <File agentId={agentId} path={file} show={show} />
      )}
    </Section>
  );
}

interface FolderProps {
  agentId: string;
  path: string;
  onOpen: (entry: FileEntry) => void;
}

function Folder({ agentId, path, onOpen }: FolderProps) {
  const now = useNow();
  const { data, error, refetch } = useQuery({
    queryKey: ["agents", agentId, "files", path],
    queryFn: () => client.listAgentFiles({ params: { agent: agentId }, query: { path: path === "" ? "." : path } }),
    refetchOnMount: "always",
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={3} label="Loading files" />;
  if (data.entries.length === 0) return <p className="text-quiet">The folder is empty.</p>;
  return (
    <>
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {data.entries.map((entry) => (
          <li key={entry.path}>
            <button
              type="button"
              disabled={entry.secret || entry.type === "other"}
              onClick={() => onOpen(entry)}
              className="flex min-h-12 w-full items-center gap-3 px-4 py-2 text-left hover:bg-sunken disabled:hover:bg-raised"
            >
              <Icon name={entry.type === "folder" ? "folder" : "artifact"} className="size-4.5 shrink-0 text-quiet" />
              <span className="min-w-0 flex-1 text-wrap-anywhere">{entry.name}</span>
              <span className="shrink-0 text-xs text-quiet">
                {entry.secret
                  ? "may hold keys, not shown"
                  : entry.type === "folder"
                    ? "folder"
                    : `${formatBytes(entry.bytes)} · ${formatAgo(entry.changedAt, now)}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {data.truncated ? <p className="mt-2 text-sm text-quiet">The folder holds more than is listed.</p> : null}
    </>
  );
}

function File({ agentId, path, show }: FilesSectionProps & { path: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["agents", agentId, "file", path],
    queryFn: () => client.previewAgentFile({ params: { agent: agentId }, query: { path } }),
    refetchOnMount: "always",
  });
  const url = `/api/agents/${encodeURIComponent(agentId)}/files/content?path=${encodeURIComponent(path)}`;
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={3} label="Loading the file" />;
  return (
    <>
      {show(data, url)}
      <a href={url} download={data.name} className={buttonClass("plain", "mt-3")}>
        <Icon name="down" className="size-4.5" /> Download
      </a>
    </>
  );
}
