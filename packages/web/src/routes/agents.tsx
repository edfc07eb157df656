import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { AddFolder } from "../features/agent/add-folder.tsx";
import { AgentCard } from "../features/agent/agent-card.tsx";
import { useAgentsNow } from "../features/agent/use-agents.ts";
import { useUsage } from "../features/usage/use-usage.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

/** All agents, and what each does now. */
export function AgentsScreen() {
  const { all, query } = useAgentsNow();
  const usage = useUsage("agent", 7);
  const [isAdding, setAdding] = useState(false);
  const rows = usage.data?.rows;
  return (
    <Page
      title="Agents"
      actions={
        <>
          <Button icon="folder" onClick={() => setAdding(true)}>
            Add a folder
          </Button>
          <Link to="/agents/new" className={buttonClass("primary")}>
            <Icon name="plus" className="size-4.5 shrink-0" />
            New agent
          </Link>
        </>
      }
    >
      {query.error === null ? null : <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {all.length > 0 ? (
        <ul className="grid gap-3 md:grid-cols-2">
          {all.map(({ agent, now }) => (
            <AgentCard
              key={agent.id}
              agent={agent}
              now={now}
              micros={rows === undefined ? null : (rows.find(({ key }) => key === agent.id)?.usage.micros ?? 0)}
            />
          ))}
        </ul>
      ) : query.isPending && query.error === null ? (
        <Loading rows={4} label="Loading agents" />
      ) : query.error === null ? (
        <Empty icon="agent" title="There is no agent yet">
          An agent is a folder with a file that says who it is and how it works. Make one, or add a folder that you
          have.
        </Empty>
      ) : null}
      <Dialog
        open={isAdding}
        onClose={() => setAdding(false)}
        title="Add a folder"
        description="What lies in the folder stays as it is."
      >
        <AddFolder />
      </Dialog>
    </Page>
  );
}
