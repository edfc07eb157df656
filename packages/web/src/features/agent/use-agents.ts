import type { Agent } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { client } from "../../lib/session.ts";
import { queries } from "../../live/load.ts";
import { isWhole } from "../../live/merge-things.ts";
import { layThings, readLive } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { type AgentNow, agentNow } from "./agent-now.ts";

/** All agents by name, each with what it does now. */
export function useAgentsNow() {
  const query = useQuery(queries.agents);
  useQuery(queries.goals);
  useQuery(queries.openRuns);
  const agents = useView((view) => view.agents);
  const goals = useView((view) => view.goals);
  const runs = useView((view) => view.runs);
  const all = useMemo(() => {
    const things = { goals: Object.values(goals).filter(isWhole), runs: Object.values(runs) };
    return Object.values(agents)
      .filter(isWhole)
      .toSorted((one, other) => one.name.localeCompare(other.name))
      .map((agent): { agent: Agent; now: AgentNow } => ({ agent, now: agentNow(agent, things) }));
  }, [agents, goals, runs]);
  return { all, query };
}

/** Holds the work of an agent, or lets it go on. */
export function usePause(agent: Agent): { isBusy: boolean; toggle: () => void } {
  const [isBusy, setBusy] = useState(false);
  const toggle = async () => {
    setBusy(true);
    const askedAt = readLive().view.lastSeq;
    const isPaused = agent.status === "paused";
    try {
      const input = { params: { agent: agent.id } };
      const changed = await (isPaused ? client.resumeAgent(input) : client.pauseAgent(input));
      layThings("agents", [changed], askedAt);
      toast(isPaused ? `${agent.name} works again.` : `${agent.name} is paused.`);
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, toggle: () => void toggle() };
}
