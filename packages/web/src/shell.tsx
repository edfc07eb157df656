import { Link, Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { ACTIONS } from "./actions/actions.ts";
import { client } from "./lib/session.ts";
import { listenForHotkeys } from "./lib/hotkeys.ts";
import { useLive, useView } from "./live/use-live.ts";
import { CountBadge } from "./ui/badge.tsx";
import { Button } from "./ui/button.tsx";
import { Icon, type IconName } from "./ui/icon.tsx";
import { toast, toastFailure, Toasts } from "./ui/toast.tsx";

const Palette = lazy(() => import("./features/palette.tsx").then(({ Palette: component }) => ({ default: component })));

interface Place {
  to: string;
  label: string;
  icon: IconName;
}

/** What a thumb reaches on a phone; the rest is behind "More". */
const MAIN: readonly Place[] = [
  { to: "/", label: "Inbox", icon: "inbox" },
  { to: "/goals", label: "Goals", icon: "goal" },
  { to: "/threads", label: "Threads", icon: "thread" },
  { to: "/agents", label: "Agents", icon: "agent" },
];
const REST: readonly Place[] = [
  { to: "/artifacts", label: "Artifacts", icon: "artifact" },
  { to: "/activity", label: "Activity", icon: "activity" },
  { to: "/effects", label: "Done outside", icon: "external" },
  { to: "/usage", label: "Usage", icon: "usage" },
  { to: "/health", label: "Health", icon: "health" },
  { to: "/settings", label: "Settings", icon: "settings" },
];

/** Everything around a screen: navigation, what holds for all screens, the palette. */
export function Shell() {
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const router = useRouter();
  useEffect(
    () =>
      listenForHotkeys(() => [
        { keys: "mod+k", run: () => setPaletteOpen(true) },
        { keys: "/", run: () => setPaletteOpen(true) },
        { keys: "?", run: () => setPaletteOpen(true) },
        ...ACTIONS.flatMap((action) =>
          action.keys === undefined
            ? []
            : [{ keys: action.keys, run: () => void Promise.resolve(action.run(router)).catch(toastFailure) }],
        ),
      ]),
    [router],
  );
  return (
    <div className="md:grid md:grid-cols-[14rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:bg-raised focus:p-2"
      >
        Skip to content
      </a>
      <Sidebar onSearch={() => setPaletteOpen(true)} />
      <div className="min-w-0 pb-20 md:pb-0">
        <Notices />
        <main id="main" tabIndex={-1} className="outline-none">
          <Outlet />
        </main>
      </div>
      <Tabs onSearch={() => setPaletteOpen(true)} />
      <Toasts />
      {isPaletteOpen ? (
        <Suspense>
          <Palette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}

function useInboxCount(): number {
  const inbox = useView((view) => view.inbox);
  return Object.values(inbox).filter((entry) => entry.status === "pending").length;
}

function isHere(path: string, to: string): boolean {
  return to === "/" ? path === "/" || path.startsWith("/inbox") : path === to || path.startsWith(`${to}/`);
}

function Sidebar({ onSearch }: { onSearch: () => void }) {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const count = useInboxCount();
  return (
    <nav
      aria-label="Main"
      className="sticky top-0 hidden h-dvh flex-col gap-1 overflow-y-auto border-r border-line bg-sunken p-3 md:flex"
    >
      <div className="flex items-center justify-between gap-2 px-2 py-2">
        <span className="font-semibold tracking-tight">Bureau</span>
        <ConnectionDot />
      </div>
      <button
        type="button"
        onClick={onSearch}
        className="mb-2 flex min-h-9 items-center gap-2 rounded-lg border border-line bg-raised px-2.5 text-sm text-quiet hover:border-strong-line"
      >
        <Icon name="search" className="size-4" /> Search or do
        <kbd className="ml-auto font-sans text-xs">Ctrl K</kbd>
      </button>
      {[...MAIN, ...REST].map(({ to, label, icon }) => (
        <Link
          key={to}
          to={to}
          aria-current={isHere(path, to) ? "page" : undefined}
          className="flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 text-[0.9375rem] text-quiet hover:bg-raised hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink"
        >
          <Icon name={icon} className="size-4.5" />
          {label}
          {to === "/" ? (
            <span className="ml-auto">
              <CountBadge count={count} label="waiting" />
            </span>
          ) : null}
        </Link>
      ))}
      <div className="mt-auto pt-4">
        <StopButton />
      </div>
    </nav>
  );
}

function Tabs({ onSearch }: { onSearch: () => void }) {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const count = useInboxCount();
  const places = [...MAIN, { to: "/more", label: "More", icon: "more" } as const];
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t border-line bg-raised pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {places.map(({ to, label, icon }) => (
        <Link
          key={to}
          to={to}
          aria-current={isHere(path, to) ? "page" : undefined}
          onContextMenu={(event) => {
            event.preventDefault();
            onSearch();
          }}
          className="relative flex min-h-14 flex-col items-center justify-center gap-0.5 text-xs text-quiet aria-[current=page]:font-semibold aria-[current=page]:text-accent"
        >
          <Icon name={icon} className="size-5.5" />
          {label}
          {to === "/" ? (
            <span className="absolute top-1 left-1/2 ml-1.5">
              <CountBadge count={count} label="waiting" />
            </span>
          ) : null}
        </Link>
      ))}
    </nav>
  );
}

/** The places that have no tab of their own on a phone. */
export function MoreScreen() {
  return (
    <div className="mx-auto max-w-3xl px-4">
      <h1 className="flex min-h-14 items-center text-xl font-semibold tracking-tight">More</h1>
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {REST.map(({ to, label, icon }) => (
          <li key={to}>
            <Link to={to} className="flex min-h-13 items-center gap-3 px-4">
              <Icon name={icon} className="size-5 text-quiet" />
              {label}
              <Icon name="forward" className="ml-auto size-4 text-quiet" />
            </Link>
          </li>
        ))}
      </ul>
      <div className="mt-6">
        <StopButton />
      </div>
    </div>
  );
}

function ConnectionDot() {
  const connection = useLive((live) => live.connection);
  const label = { live: "Live", connecting: "Connecting", lost: "Not connected" }[connection];
  const tone = { live: "bg-accent", connecting: "bg-warn", lost: "bg-bad" }[connection];
  return <span role="img" aria-label={label} title={label} className={`size-2.5 rounded-full ${tone}`} />;
}

/** Stops all work at once, and lets it go on. */
export function StopButton() {
  const halted = useView((view) => view.halted);
  const [isBusy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      toast((await (halted === null ? client.stopAll() : client.resumeAll())).sentence);
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      kind={halted === null ? "danger" : "primary"}
      icon={halted === null ? "stop" : "play"}
      busy={isBusy}
      onClick={() => void press()}
      className="w-full"
    >
      {halted === null ? "Stop everything" : "Let work go on"}
    </Button>
  );
}

/** What must be seen on every screen: that all is stopped, that the server cannot be reached. */
function Notices() {
  const halted = useView((view) => view.halted);
  const connection = useLive((live) => live.connection);
  return (
    <>
      {halted === null ? null : (
        <Notice icon="stop">Everything is stopped, by {halted.by}. Nothing begins until work is let go on.</Notice>
      )}
      {connection === "lost" ? (
        <Notice icon="warning">
          Bureau cannot be reached. What you see may be old; what you decide is sent when it is back.
        </Notice>
      ) : null}
    </>
  );
}

function Notice({ icon, children }: { icon: IconName; children: ReactNode }) {
  return (
    <div role="status" className="flex items-center gap-2 bg-warn-soft px-4 py-2 text-sm text-warn md:px-8">
      <Icon name={icon} className="size-4.5 shrink-0" />
      <span>{children}</span>
    </div>
  );
}
