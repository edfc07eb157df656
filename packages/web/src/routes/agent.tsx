import { Tabs } from "@base-ui/react/tabs";
import type { Agent } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { ActivityView } from "../features/activity/activity-view.tsx";
import { AbilitiesSection } from "../features/agent/abilities-section.tsx";
import { AGENT_LOOKS } from "../features/agent/agent-now.ts";
import { ContextSection } from "../features/agent/context-section.tsx";
import { FilesSection } from "../features/agent/files-section.tsx";
import { MemorySection, SkillsSection } from "../features/agent/knowledge-section.tsx";
import { PauseButton } from "../features/agent/pause-button.tsx";
import { useAgentsNow } from "../features/agent/use-agents.ts";
import { GoalsSection, ThreadsSection } from "../features/agent/work-section.tsx";
import { PreviewView } from "../features/preview/preview-view.tsx";
import { AgentUsageSection } from "../features/usage/agent-usage-section.tsx";
import { queries } from "../live/load.ts";
import { Badge } from "../ui/badge.tsx";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

const TABS = [
  { value: "work", label: "Work" },
  { value: "may", label: "May do" },
  { value: "knows", label: "Knows" },
  { value: "files", label: "Files" },
  { value: "did", label: "Did" },
] as const;
type TabName = (typeof TABS)[number]["value"];
const TAB =
  "min-h-11 shrink-0 rounded-lg px-3 text-sm font-medium text-quiet data-active:bg-sunken data-active:text-ink hover:text-ink md:min-h-9";

/** One agent: what it works on, what it may do, what it knows, what it did. */
export function AgentScreen() {
  const { agentId } = useParams({ from: "/shell/agents/$agentId" });
  const { all, query } = useAgentsNow();
  // An agent's page also opens by its name.
  const found = all.find(({ agent }) => agent.id === agentId || agent.name === agentId);
  if (found === undefined) {
    return (
      <Page title="Agent" backTo="/agents">
        {query.error !== null ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Loading rows={4} label="Loading the agent" />
        ) : (
          <Failure error={new Error("There is no such agent.")} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  return <ShownAgent key={found.agent.id} {...found} />;
}

function ShownAgent({ agent, now }: ReturnType<typeof useAgentsNow>["all"][number]) {
  useQuery(queries.status);
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const tab: TabName = TABS.find(({ value }) => value === search["tab"])?.value ?? "work";
  const open = (value: string) =>
    void navigate({
      to: "/agents/$agentId",
      params: { agentId: agent.id },
      search: { tab: value } as never,
      replace: true,
      resetScroll: false,
    });
  return (
    <Page title={agent.name} backTo="/agents" actions={<PauseButton agent={agent} />}>
      <div className="mb-1 flex flex-wrap items-start gap-x-3 gap-y-1">
        <Badge look={AGENT_LOOKS[now.doing]} className="mt-0.5" />
        <p role="status" className="min-w-0 flex-1 basis-60 text-quiet text-wrap-anywhere">
          {now.sentence}
        </p>
      </div>
      <p className="mb-3 font-mono text-xs text-quiet text-wrap-anywhere">{agent.folder}</p>
      <Tabs.Root value={tab} onValueChange={(value) => open(String(value))}>
        <Tabs.List aria-label={`About ${agent.name}`} className="-mx-1 mb-2 flex gap-1 overflow-x-auto p-1">
          {TABS.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value} className={TAB}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className="outline-none">
          <Panel tab={tab} agent={agent} />
        </Tabs.Panel>
      </Tabs.Root>
    </Page>
  );
}

function Panel({ tab, agent }: { tab: TabName; agent: Agent }) {
  const filter = useMemo(() => ({ kind: "" as const, agent: agent.id }), [agent.id]);
  switch (tab) {
    case "work":
      return (
        <>
          <GoalsSection agent={agent} />
          <ThreadsSection agent={agent} />
          <AgentUsageSection agentId={agent.id} />
        </>
      );
    case "may":
      return <AbilitiesSection agentId={agent.id} />;
    case "knows":
      return (
        <>
          <ContextSection agentId={agent.id} />
          <SkillsSection agentId={agent.id} />
          <MemorySection agentId={agent.id} />
        </>
      );
    case "files":
      return (
        <FilesSection
          agentId={agent.id}
          show={(preview, contentUrl) => <PreviewView preview={preview} contentUrl={contentUrl} />}
        />
      );
    case "did":
      return <ActivityView filter={filter} />;
  }
}
