import type { Agent, Goal, Thread } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { formatAgo } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { mergeThings } from "../../live/merge-things.ts";
import { useView } from "../../live/use-live.ts";
import { GOAL_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";

const MAX_SHOWN = 20;
const LIST = "divide-y divide-line rounded-xl border border-line bg-raised";
const ROW = "flex min-h-13 items-center justify-between gap-3 px-4 py-2 hover:bg-sunken";

/** The agent's newest goals. */
export function GoalsSection({ agent }: { agent: Agent }) {
  const query = useQuery({
    queryKey: ["agents", agent.id, "goals"],
    queryFn: () => client.listGoals({ query: { agent: agent.id, limit: MAX_SHOWN } }),
  });
  const live = useView((view) => view.goals);
  const goals = useMemo(
    () =>
      mergeThings<Goal>(query.data?.goals ?? [], live)
        .filter(({ agentId }) => agentId === agent.id)
        .slice(0, MAX_SHOWN),
    [query.data, live, agent.id],
  );
  return (
    <Section title="Goals">
      {query.error === null ? null : <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {goals.length === 0 && query.isPending && query.error === null ? (
        <Loading rows={2} label="Loading goals" />
      ) : null}
      {goals.length === 0 && query.data !== undefined ? <p className="text-quiet">It has had no goal yet.</p> : null}
      {goals.length === 0 ? null : (
        <ul className={LIST}>
          {goals.map((goal) => (
            <li key={goal.id}>
              <Link to="/goals/$goalId" params={{ goalId: goal.id }} className={ROW}>
                <span className="min-w-0">
                  <span className="line-clamp-2 text-wrap-anywhere">{goal.title}</span>
                  <span className="line-clamp-1 text-sm text-quiet text-wrap-anywhere">{goal.sentence}</span>
                </span>
                <Badge look={GOAL_LOOKS[goal.status]} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** The agent's newest conversations. */
export function ThreadsSection({ agent }: { agent: Agent }) {
  const now = useNow();
  const query = useQuery({
    queryKey: ["agents", agent.id, "threads"],
    queryFn: () => client.listThreads({ query: { agent: agent.id, limit: MAX_SHOWN } }),
  });
  const live = useView((view) => view.threads);
  const threads = useMemo(
    () =>
      mergeThings<Thread>(query.data?.threads ?? [], live)
        .filter(({ agentId }) => agentId === agent.id)
        .slice(0, MAX_SHOWN),
    [query.data, live, agent.id],
  );
  return (
    <Section title="Threads">
      {query.error === null ? null : <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {threads.length === 0 && query.isPending && query.error === null ? (
        <Loading rows={2} label="Loading threads" />
      ) : null}
      {threads.length === 0 && query.data !== undefined ? (
        <p className="text-quiet">Nobody has talked with it yet.</p>
      ) : null}
      {threads.length === 0 ? null : (
        <ul className={LIST}>
          {threads.map((thread) => (
            <li key={thread.id}>
              <Link to="/threads/$threadId" params={{ threadId: thread.id }} className={ROW}>
                <span className="line-clamp-2 min-w-0 text-wrap-anywhere">{thread.title}</span>
                <span className="shrink-0 text-xs text-quiet">{formatAgo(thread.createdAt, now)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
