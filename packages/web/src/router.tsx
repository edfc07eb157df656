import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { MoreScreen, Shell } from "./shell.tsx";
import { Empty, Failure, Loading } from "./ui/states.tsx";

const root = createRootRoute({ component: Outlet });

/** Screens for somebody who is signed in, within the navigation. */
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const inShell = [
  createRoute({
    getParentRoute: () => shell,
    path: "/",
    component: lazyRouteComponent(() => import("./routes/inbox.tsx"), "InboxScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/inbox/$entryId",
    component: lazyRouteComponent(() => import("./routes/inbox-entry.tsx"), "InboxEntryScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/goals",
    component: lazyRouteComponent(() => import("./routes/goals.tsx"), "GoalsScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/goals/new",
    component: lazyRouteComponent(() => import("./routes/new-goal.tsx"), "NewGoalScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/goals/$goalId",
    component: lazyRouteComponent(() => import("./routes/goal.tsx"), "GoalScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/threads",
    component: lazyRouteComponent(() => import("./routes/threads.tsx"), "ThreadsScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/threads/$threadId",
    component: lazyRouteComponent(() => import("./routes/thread.tsx"), "ThreadScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/runs/$runId",
    component: lazyRouteComponent(() => import("./routes/run.tsx"), "RunScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/agents",
    component: lazyRouteComponent(() => import("./routes/agents.tsx"), "AgentsScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/agents/new",
    component: lazyRouteComponent(() => import("./routes/new-agent.tsx"), "NewAgentScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/agents/$agentId",
    component: lazyRouteComponent(() => import("./routes/agent.tsx"), "AgentScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/artifacts",
    component: lazyRouteComponent(() => import("./routes/artifacts.tsx"), "ArtifactsScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/artifacts/$artifactId",
    component: lazyRouteComponent(() => import("./routes/artifact.tsx"), "ArtifactScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/activity",
    component: lazyRouteComponent(() => import("./routes/activity.tsx"), "ActivityScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/effects",
    component: lazyRouteComponent(() => import("./routes/effects.tsx"), "EffectsScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/usage",
    component: lazyRouteComponent(() => import("./routes/usage.tsx"), "UsageScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/health",
    component: lazyRouteComponent(() => import("./routes/health.tsx"), "HealthScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/settings",
    component: lazyRouteComponent(() => import("./routes/settings.tsx"), "SettingsScreen"),
  }),
  createRoute({
    getParentRoute: () => shell,
    path: "/share",
    component: lazyRouteComponent(() => import("./routes/share.tsx"), "ShareScreen"),
  }),
  createRoute({ getParentRoute: () => shell, path: "/more", component: MoreScreen }),
];

/** Screens that stand alone: signing in, pairing, accepting an invitation, and what a guest's link opens. */
const alone = [
  createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    component: lazyRouteComponent(() => import("./routes/sign-in.tsx"), "SignInScreen"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/pair",
    component: lazyRouteComponent(() => import("./routes/pair.tsx"), "PairScreen"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/join",
    component: lazyRouteComponent(() => import("./routes/join.tsx"), "JoinScreen"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/ask",
    component: lazyRouteComponent(() => import("./routes/ask.tsx"), "AskScreen"),
  }),
];

const PENDING_MS = 150;

export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren(inShell), ...alone]),
  defaultPreload: "intent",
  defaultPendingMs: PENDING_MS,
  defaultPendingComponent: () => (
    <div className="mx-auto max-w-3xl px-4 pt-16 md:px-8">
      <Loading />
    </div>
  ),
  defaultErrorComponent: ({ error, reset }) => (
    <div className="mx-auto max-w-3xl px-4 pt-16 md:px-8">
      <Failure error={error} onRetry={reset} />
    </div>
  ),
  defaultNotFoundComponent: () => (
    <Empty icon="search" title="There is nothing here">
      The address is not one of Bureau's. The inbox is at the start.
    </Empty>
  ),
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
