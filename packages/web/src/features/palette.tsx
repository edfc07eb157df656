import { useRouter } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useState } from "react";
import { type Action, ACTIONS } from "../actions/actions.ts";
import { useView } from "../live/use-live.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { toastFailure } from "../ui/toast.tsx";

const MAX_SHOWN = 30;

interface Choice {
  id: string;
  label: string;
  group: string;
  icon: IconName;
  keys: string | undefined;
  run: () => unknown;
}

/** Everything that can be done or opened, found by what is typed. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const listId = useId();
  const choices = useChoices(text);
  const shown = choices.slice(0, MAX_SHOWN);
  const chosen = shown[Math.min(active, shown.length - 1)];

  useEffect(() => {
    document.getElementById(`${listId}-${chosen?.id}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, listId]);

  const run = (choice: Choice | undefined) => {
    if (choice === undefined) return;
    onClose();
    void Promise.resolve(choice.run()).catch(toastFailure);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setActive(Math.min(active + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else if (event.key === "Enter") run(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open onClose={onClose} title="Search or do">
      <input
        type="search"
        role="combobox"
        aria-label="Search or do"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : `${listId}-${chosen.id}`}
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
        placeholder="A goal, an agent, a screen, something to do"
        className="mb-2 min-h-11 w-full rounded-lg border border-strong-line bg-raised px-3"
      />
      <div id={listId} role="listbox" aria-label="Found" className="max-h-[50dvh] overflow-y-auto">
        {shown.map((choice) => (
          <div
            key={choice.id}
            id={`${listId}-${choice.id}`}
            role="option"
            aria-selected={choice === chosen}
            tabIndex={-1}
            onClick={() => run(choice)}
            onKeyDown={onKeyDown}
            className="flex min-h-11 cursor-pointer items-center gap-3 rounded-lg px-3 aria-selected:bg-sunken md:min-h-9"
          >
            <Icon name={choice.icon} className="size-4.5 text-quiet" />
            <span className="min-w-0 truncate">{choice.label}</span>
            <span className="ml-auto shrink-0 text-xs text-quiet">{choice.keys ?? choice.group}</span>
          </div>
        ))}
        {shown.length === 0 ? <p className="p-3 text-sm text-quiet">Nothing is called that.</p> : null}
      </div>
    </Dialog>
  );
}

function useChoices(text: string): Choice[] {
  const router = useRouter();
  const goals = useView((view) => view.goals);
  const agents = useView((view) => view.agents);
  const threads = useView((view) => view.threads);
  return useMemo(() => {
    const actions = ACTIONS.filter((action) => action.isOffered?.() ?? true).map((action) =>
      asChoice(action, () => action.run(router)),
    );
    const things: Choice[] = [
      ...Object.values(goals).map(({ id, title }) =>
        opened(id, title, "Goal", "goal", () => router.navigate({ to: "/goals/$goalId", params: { goalId: id } })),
      ),
      ...Object.values(agents).map(({ id, name }) =>
        opened(id, name, "Agent", "agent", () => router.navigate({ to: "/agents/$agentId", params: { agentId: id } })),
      ),
      ...Object.values(threads).map(({ id, title }) =>
        opened(id, title, "Thread", "thread", () =>
          router.navigate({ to: "/threads/$threadId", params: { threadId: id } }),
        ),
      ),
    ];
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return actions;
    return [...actions, ...things].filter(({ label, group, id }) => {
      const known = `${label} ${group} ${ACTIONS.find((action) => action.id === id)?.words ?? ""}`.toLowerCase();
      return words.every((word) => known.includes(word));
    });
  }, [text, router, goals, agents, threads]);
}

function asChoice({ id, label, group, icon, keys }: Action, run: () => unknown): Choice {
  return { id, label, group, icon, keys, run };
}

function opened(id: string, label: string, group: string, icon: IconName, run: () => unknown): Choice {
  return { id, label, group, icon, keys: undefined, run };
}
