import type {
  BureauClient,
  EvidenceList,
  GoalList,
  GoalStatus,
  InboxEntry,
  InboxStatus,
  RunList,
} from "@bureau/protocol";
import { client } from "../lib/session.ts";
import { layThings, readLive, whenStarted } from "./store.ts";

/** Asks the server and lays what comes into the view, unless events have told newer things in the meantime. */
async function loadInto<Reply>(
  ask: (client: BureauClient) => Promise<Reply>,
  lay: (reply: Reply, askedAt: number) => void,
): Promise<Reply> {
  await whenStarted();
  const askedAt = readLive().view.lastSeq;
  const reply = await ask(client);
  lay(reply, askedAt);
  return reply;
}

const PAGE = 200;
const DECIDED: InboxStatus[] = ["approved", "denied", "answered", "dismissed", "expired"];

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
  /** For `useInfiniteQuery`: goals in some statuses, newest first, part by part. */
  goalPages: (statuses: readonly GoalStatus[], limit: number) => ({
    queryKey: ["goals", "pages", statuses.join(" ")],
    initialPageParam: "",
    queryFn: ({ pageParam }: { pageParam: string }) =>
      loadInto(
        (api) =>
          api.listGoals({
            query: { status: [...statuses], limit, ...(pageParam !== "" && { cursor: pageParam }) },
          }),
        ({ goals }, at) => layThings("goals", goals, at),
      ),
    getNextPageParam: ({ nextCursor }: GoalList) => nextCursor,
  }),
  /** For `useInfiniteQuery`: runs of a goal, newest first, part by part. */
  goalRunPages: (goal: string) => ({
    queryKey: ["goals", goal, "runs", "pages"],
    initialPageParam: "",
    queryFn: ({ pageParam }: { pageParam: string }) =>
      loadInto(
        (api) =>
          api.listGoalRuns({
            params: { goal },
            query: { limit: 20, ...(pageParam !== "" && { cursor: pageParam }) },
          }),
        ({ runs }, at) => layThings("runs", runs, at),
      ),
    getNextPageParam: ({ nextCursor }: RunList) => nextCursor,
  }),
  /** For `useInfiniteQuery`: what a goal's checks found, newest first, part by part. */
  goalEvidencePages: (goal: string) => ({
    queryKey: ["goals", goal, "evidence", "pages"],
    initialPageParam: "",
    queryFn: ({ pageParam }: { pageParam: string }) =>
      loadInto(
        (api) =>
          api.listEvidence({
            params: { goal },
            query: { limit: 100, ...(pageParam !== "" && { cursor: pageParam }) },
          }),
        ({ evidence }, at) => layThings("evidence", evidence, at),
      ),
    getNextPageParam: ({ nextCursor }: EvidenceList) => nextCursor,
  }),
  /** Those directly below it that are not over. */
  goalsBelow: (goal: string) => ({
    queryKey: ["goals", goal, "below"],
    queryFn: () =>
      loadInto(
        (api) =>
          api.listGoals({
            query: { parent: goal, status: ["draft", "active", "waiting", "paused", "blocked"], limit: PAGE },
          }),
        ({ goals }, at) => layThings("goals", goals, at),
      ),
  }),
  /** The view learns of later ones by events. */
  goalArtifacts: (goal: string) => ({
    queryKey: ["goals", goal, "artifacts"],
    queryFn: () => client.listArtifacts({ query: { goal, limit: 100 } }),
  }),
  policyRules: { queryKey: ["policy"], queryFn: () => client.listPolicyRules() },
  openRuns: {
    queryKey: ["runs", "open"],
    queryFn: () =>
      loadInto(
        (api) => api.listRuns({ query: { status: ["queued", "running", "waiting"], limit: PAGE } }),
        ({ runs }, at) => layThings("runs", runs, at),
      ),
  },
  /** The steps that a run was at last, for what it is doing now. */
  latestSteps: (runId: string, stepCount: number) => ({
    queryKey: ["runs", runId, "latest steps"],
    queryFn: () =>
      loadInto(
        (api) => api.listSteps({ params: { runId }, query: { after: Math.max(0, stepCount - 3), limit: 20 } }),
        ({ steps }, at) => layThings("steps", steps, at),
      ),
  }),
  decidedInbox: {
    queryKey: ["inbox", "decided"],
    queryFn: () =>
      loadInto(
        (api) => api.listInbox({ query: { status: DECIDED, order: "latest", limit: PAGE } }),
        ({ entries }, at) => layThings<InboxEntry>("inbox", entries, at),
      ),
  },
  /** The ledger changes without events of its own: `useFreshEffects` asks again when something points to it. */
  effect: (effectId: string) => ({
    queryKey: ["effects", "one", effectId],
    queryFn: () => client.getEffect({ params: { effectId } }),
  }),
  /** What is being done, or will be in a moment. */
  effectsUnderWay: {
    queryKey: ["effects", "under-way"],
    queryFn: () => client.listEffects({ query: { status: ["approved"], limit: PAGE } }),
  },
};
