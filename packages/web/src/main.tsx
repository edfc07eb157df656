import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { needsSignIn, signInFromAddress } from "./lib/session.ts";
import { readTheme, showTheme } from "./lib/theme.ts";
import { queries } from "./live/load.ts";
import { startLive } from "./live/stream.ts";
import { router } from "./router.tsx";
import { toastFailure } from "./ui/toast.tsx";
import "./styles.css";

/** Screens that work without a session. */
const OPEN_SCREENS = ["/sign-in", "/pair", "/join", "/ask"];
const MAX_RETRIES = 2;

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Events keep what was fetched true; nothing is asked for again just because a window was looked at.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      networkMode: "always",
      retry: (count, error) => count < MAX_RETRIES && !needsSignIn(error),
    },
    mutations: { networkMode: "always" },
  },
});

showTheme(readTheme());
await signInFromAddress().catch(toastFailure);
const rootElement = document.getElementById("app");
if (rootElement === null) throw new Error("The page has no place for the app.");
createRoot(rootElement).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
if (!OPEN_SCREENS.includes(window.location.pathname)) begin();
if ("serviceWorker" in navigator) {
  await navigator.serviceWorker.register("/service-worker.js", { updateViaCache: "none" }).catch(() => undefined);
}

/** What every screen needs, and from then on what changes. */
function begin(): void {
  const signIn = () => void router.navigate({ to: "/sign-in", search: { back: window.location.pathname } as never });
  void startLive(signIn);
  // What was decided without a connection is sent from any screen.
  void import("./lib/decisions.ts").then(({ startDecisions }) => startDecisions(), toastFailure);
  for (const query of [queries.inbox, queries.agents]) void queryClient.prefetchQuery<unknown>(query);
}
