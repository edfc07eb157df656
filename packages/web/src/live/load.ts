import type { BureauClient, InboxEntry } from "@bureau/protocol";
import { client } from "../lib/session.ts";
import { layThings, readLive } from "./store.ts";

/** Asks the server and lays what comes into the view, unless events have told newer things in the meantime. */
async function loadInto<Reply>(
  ask: (client: BureauClient) => Promise<Reply>,
  lay: (reply: Reply, askedAt: number) => void,
): Promise<Reply> {
  const askedAt = readLive().view.lastSeq;
  const reply = await ask(client);
  lay(reply, askedAt);
  return reply;
}

const PAGE = 200;

/** Queries of TanStack Query: each makes sure that the view holds something, and says whether it does. */
export const queries = {
  session: { queryKey: ["session"], queryFn: () => client.getSession() },
  status: { queryKey: ["status"], queryFn: () => client.getStatus() },
  agents: {
    queryKey: ["agents"],
    queryFn: () =>
      loadInto(
        (api) => api.listAgents({ query: { limit: 500 } }),
        ({ agents }, at) => layThings("agents", agents, at),
      ),
  },
  goals: {
    queryKey: ["goals"],
    queryFn: () =>
      loadInto(
        (api) => api.listGoals({ query: { limit: PAGE } }),
        ({ goals }, at) => layThings("goals", goals, at),
      ),
  },
  goal: (goal: string) => ({
    queryKey: ["goals", goal],
    queryFn: () =>
      loadInto(
        (api) => api.getGoal({ params: { goal } }),
        (found, at) => layThings("goals", [found], at),
      ),
  }),
  inbox: {
    queryKey: ["inbox"],
    queryFn: () =>
      loadInto(
        (api) => api.listInbox({ query: { limit: 500 } }),
        ({ entries }, at) => layThings<InboxEntry>("inbox", entries, at),
      ),
  },
  inboxEntry: (entryId: string) => ({
    queryKey: ["inbox", entryId],
    queryFn: () =>
      loadInto(
        (api) => api.getInboxEntry({ params: { entryId } }),
        (entry, at) => layThings("inbox", [entry], at),
      ),
  }),
  threads: {
    queryKey: ["threads"],
    queryFn: () =>
      loadInto(
        (api) => api.listThreads({ query: { limit: PAGE } }),
        ({ threads }, at) => layThings("threads", threads, at),
      ),
  },
  thread: (threadId: string) => ({
    queryKey: ["threads", threadId],
    queryFn: () =>
      loadInto(
        (api) => api.getThread({ params: { threadId } }),
        (thread, at) => layThings("threads", [thread], at),
      ),
  }),
  run: (runId: string) => ({
    queryKey: ["runs", runId],
    queryFn: () =>
      loadInto(
        (api) => api.getRun({ params: { runId } }),
        (run, at) => layThings("runs", [run], at),
      ),
  }),
  threadRuns: (thread: string) => ({
    queryKey: ["threads", thread, "runs"],
    queryFn: () =>
      loadInto(
        (api) => api.listRuns({ query: { thread, limit: 50 } }),
        ({ runs }, at) => layThings("runs", runs, at),
      ),
  }),
  goalRuns: (goal: string) => ({
    queryKey: ["goals", goal, "runs"],
    queryFn: () =>
      loadInto(
        (api) => api.listGoalRuns({ params: { goal }, query: { limit: 50 } }),
        ({ runs }, at) => layThings("runs", runs, at),
      ),
  }),
  goalEvidence: (goal: string) => ({
    queryKey: ["goals", goal, "evidence"],
    queryFn: () =>
      loadInto(
        (api) => api.listEvidence({ params: { goal }, query: { limit: 200 } }),
        ({ evidence }, at) => layThings("evidence", evidence, at),
      ),
  }),
  goalTasks: (goal: string) => ({
    queryKey: ["goals", goal, "tasks"],
    queryFn: () =>
      loadInto(
        (api) => api.listTasks({ query: { goal, limit: 200 } }),
        ({ tasks }, at) => layThings("tasks", tasks, at),
      ),
  }),
};
