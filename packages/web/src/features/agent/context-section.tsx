import type { ReadContextFile } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { formatBytes } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { Details } from "../../ui/details.tsx";
import { InertBox } from "../../ui/inert-box.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { FileEditor } from "./file-editor.tsx";
import { Notices } from "./notices.tsx";

/** The files that the agent reads before its work, in the order in which it reads them. */
export function ContextSection({ agentId }: { agentId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["agents", agentId, "context"],
    queryFn: () => client.agentContext({ params: { agent: agentId } }),
    refetchOnMount: "always",
  });
  return (
    <Section title="What it reads first">
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading rows={2} label="Loading what it reads" /> : null}
      {data === undefined ? null : <Notices notices={data.notices} />}
      {data?.files.length === 0 ? <p className="text-quiet">No context file was found.</p> : null}
      {data === undefined || data.files.length === 0 ? null : (
        <ol className="flex flex-col gap-3">
          {data.files.map((file, index) => (
            <ContextItem
              key={file.path}
              file={file}
              isLast={index === data.files.length - 1}
              onSaved={() => void refetch()}
            />
          ))}
        </ol>
      )}
    </Section>
  );
}

interface ContextItemProps {
  file: ReadContextFile;
  isLast: boolean;
  onSaved: () => void;
}

function ContextItem({ file, isLast, onSaved }: ContextItemProps) {
  return (
    <li className="rounded-xl border border-line bg-raised px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="min-w-0 flex-1 basis-56">
          <h3 className="font-mono text-sm font-medium text-wrap-anywhere">{file.path}</h3>
          <p className="text-xs text-quiet">
            {formatBytes(file.bytes)} ·{" "}
            {file.editors === "person" ? "written by people alone" : "written by people and by the agent"}
          </p>
        </div>
        <FileEditor path={file.path} onSaved={onSaved} />
      </div>
      <Details summary="What it says" isOpen={isLast}>
        <InertBox caption={file.path}>
          <Markdown text={file.text} />
        </InertBox>
      </Details>
    </li>
  );
}
