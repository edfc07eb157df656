import { useQuery } from "@tanstack/react-query";
import { formatAgo, formatBytes } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { FileEditor } from "./file-editor.tsx";
import { Notices } from "./notices.tsx";

const LIST = "divide-y divide-line rounded-xl border border-line bg-raised";

/** Instructions for kinds of work that lie in the agent's folder or the workspace's. */
export function SkillsSection({ agentId }: { agentId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["agents", agentId, "skills"],
    queryFn: () => client.agentSkills({ params: { agent: agentId } }),
    refetchOnMount: "always",
  });
  return (
    <Section title="Skills">
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading rows={1} label="Loading skills" /> : null}
      {data === undefined ? null : <Notices notices={data.notices} />}
      {data?.skills.length === 0 ? (
        <p className="text-quiet">
          None. A skill is a folder in <code className="font-mono">skills/</code> with a{" "}
          <code className="font-mono">SKILL.md</code>.
        </p>
      ) : null}
      {data === undefined || data.skills.length === 0 ? null : (
        <ul className={LIST}>
          {data.skills.map((skill) => (
            <li key={skill.path} className="flex flex-wrap items-center justify-between gap-x-3 px-4 py-2.5">
              <div className="min-w-0 flex-1 basis-56">
                <p className="font-medium text-wrap-anywhere">{skill.name}</p>
                <p className="text-sm text-wrap-anywhere">{skill.description}</p>
                <p className="font-mono text-xs text-quiet text-wrap-anywhere">{skill.path}</p>
                {skill.problems.map((problem) => (
                  <p key={problem} className="text-sm text-warn text-wrap-anywhere">
                    {problem}
                  </p>
                ))}
              </div>
              <FileEditor path={skill.path} onSaved={() => void refetch()} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** What the agent and the workspace remember, as files. */
export function MemorySection({ agentId }: { agentId: string }) {
  const now = useNow();
  const { data, error, refetch } = useQuery({
    queryKey: ["agents", agentId, "memory"],
    queryFn: () => client.agentMemory({ params: { agent: agentId } }),
    refetchOnMount: "always",
  });
  return (
    <Section title="Memory">
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading rows={1} label="Loading memory" /> : null}
      {data === undefined ? null : <Notices notices={data.notices} />}
      {data?.files.length === 0 ? (
        <p className="text-quiet">
          Nothing is remembered yet. It is kept in files, in <code className="font-mono">memory/</code>.
        </p>
      ) : null}
      {data === undefined || data.files.length === 0 ? null : (
        <ul className={LIST}>
          {data.files.map((file) => (
            <li key={file.path} className="flex flex-wrap items-center justify-between gap-x-3 px-4 py-2.5">
              <div className="min-w-0 flex-1 basis-56">
                <p className="font-medium text-wrap-anywhere">{file.title}</p>
                <p className="text-xs text-quiet text-wrap-anywhere">
                  <span className="font-mono">{file.path}</span> · {formatBytes(file.bytes)} ·{" "}
                  {formatAgo(file.changedAt, now)} ·{" "}
                  {file.scope === "agent" ? "of this agent" : "of the workspace, for all agents"}
                </p>
              </div>
              <FileEditor path={file.path} onSaved={() => void refetch()} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
