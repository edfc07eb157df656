import type { Agent } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../lib/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { AGENT_LOOKS, type AgentNow } from "./agent-now.ts";
import { PauseButton } from "./pause-button.tsx";

interface AgentCardProps {
  agent: Agent;
  now: AgentNow;
  /** What it cost in the last seven days; null while that is not known. */
  micros: number | null;
}

/** One agent: who it is, what it does, what it costs. */
export function AgentCard({ agent, now, micros }: AgentCardProps) {
  return (
    <li className="relative flex flex-col rounded-xl border border-line bg-raised px-4 py-3 hover:border-strong-line">
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0 font-medium text-wrap-anywhere">
          <Link to="/agents/$agentId" params={{ agentId: agent.id }} className="after:absolute after:inset-0">
            {agent.name}
          </Link>
        </h2>
        <Badge look={AGENT_LOOKS[now.doing]} className="mt-0.5" />
      </div>
      <p className="mt-0.5 line-clamp-3 min-h-12 flex-1 text-sm text-quiet text-wrap-anywhere">{now.sentence}</p>
      <div className="mt-2 flex items-center justify-between gap-3">
        <p className="text-xs text-quiet tabular-nums">
          {now.openGoals === 1 ? "1 open goal" : `${now.openGoals} open goals`}
          {micros === null ? "" : ` · ${formatMoney(micros)} in 7 days`}
        </p>
        <div className="relative z-1">
          <PauseButton agent={agent} />
        </div>
      </div>
    </li>
  );
}
