import type { useRouter } from "@tanstack/react-router";
import { client } from "../lib/session.ts";
import { setTheme, THEMES } from "../lib/theme.ts";
import { readLive } from "../live/store.ts";
import type { IconName } from "../ui/icon.tsx";
import { toast } from "../ui/toast.tsx";

type Router = ReturnType<typeof useRouter>;

/** One thing that can be done from anywhere: the palette lists it, and a key does it. */
export interface Action {
  id: string;
  label: string;
  group: "Here" | "Go to" | "Make" | "Control" | "Appearance";
  icon: IconName;
  /** `g i` is g, then i; `mod+k` is Control or Command with k. */
  keys?: string;
  /** Other words by which it is found. */
  words?: string;
  /** Absent: always. */
  isOffered?: () => boolean;
  run: (router: Router) => unknown;
}

function goTo(id: string, label: string, icon: IconName, to: string, keys: string, words = ""): Action {
  return { id, label, group: "Go to", icon, keys, words, run: (router) => router.navigate({ to }) };
}

const actions: Action[] = [
  goTo("inbox", "Inbox", "inbox", "/", "g i", "approvals questions decisions"),
  goTo("goals", "Goals", "goal", "/goals", "g g"),
  goTo("threads", "Threads", "thread", "/threads", "g t", "conversations chat messages"),
  goTo("agents", "Agents", "agent", "/agents", "g a"),
  goTo("artifacts", "Artifacts", "artifact", "/artifacts", "g r", "results files documents"),
  goTo("activity", "Activity", "activity", "/activity", "g y", "history what happened"),
  goTo("effects", "Done outside", "external", "/effects", "g o", "ledger effects undo"),
  goTo("usage", "Usage", "usage", "/usage", "g u", "cost tokens money"),
  goTo("health", "Health", "health", "/health", "g h", "doctor connectors"),
  goTo("settings", "Settings", "settings", "/settings", "g s", "devices people notifications passkeys"),
  {
    id: "new-goal",
    label: "New goal",
    group: "Make",
    icon: "plus",
    keys: "n",
    run: (router) => router.navigate({ to: "/goals/new" }),
  },
  {
    id: "new-agent",
    label: "New agent",
    group: "Make",
    icon: "agent",
    words: "add folder",
    run: (router) => router.navigate({ to: "/agents/new" }),
  },
  {
    id: "stop-all",
    label: "Stop everything",
    group: "Control",
    icon: "stop",
    words: "halt emergency",
    isOffered: () => readLive().view.halted === null,
    run: async () => toast((await client.stopAll()).sentence),
  },
  {
    id: "resume-all",
    label: "Let work go on",
    group: "Control",
    icon: "play",
    words: "resume everything",
    isOffered: () => readLive().view.halted !== null,
    run: async () => toast((await client.resumeAll()).sentence),
  },
  ...THEMES.map((theme): Action => ({
    id: `theme-${theme}`,
    label: { system: "Colours of the system", light: "Light", dark: "Dark" }[theme],
    group: "Appearance",
    icon: "settings",
    words: "theme colours mode",
    run: () => setTheme(theme),
  })),
];

/** What can be done now, everywhere and on the screen that is open. */
export const ACTIONS: readonly Action[] = actions;

/** Offers what a screen can do, before everything else, until the returned function is called. */
export function offerActions(offered: readonly Action[]): () => void {
  actions.unshift(...offered);
  return () => {
    for (const action of offered) if (actions.includes(action)) actions.splice(actions.indexOf(action), 1);
  };
}
