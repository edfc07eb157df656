import { Link, useNavigate } from "@tanstack/react-router";
import type { InboxEntry } from "@bureau/protocol";
import { useState } from "react";
import { client } from "../../lib/session.ts";
import { useView } from "../../live/use-live.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { type MenuEntry, MoreMenu } from "../../ui/menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { problemOf } from "./acts.ts";
import { AnswerForm } from "./answer-form.tsx";
import { type Board, decisionFor, useBoard } from "./board-context.ts";
import { type Decidable, decidableBy } from "./decidable.ts";
import { DenyPanel } from "./deny-panel.tsx";
import { EditPanel } from "./edit-panel.tsx";
import { RulePanel } from "./rule-panel.tsx";
import { noLabel, yesLabel } from "./words.ts";

/** What can be decided about an entry, in place. */
export function EntryActions({ entry }: { entry: InboxEntry }) {
  const board = useBoard();
  const can = decidableBy(entry, board.scope);
  const panel = board.open?.entryId === entry.id ? board.open.panel : null;
  const act = board.acts[entry.id];
  const refused = board.queued[entry.id];
  const isNothing = can.decisions.length === 0 && !can.isAnswerable;
  return (
    <div className="flex flex-col gap-3">
      {act?.state === "failed" ? <Problem text={act.problem ?? ""} /> : null}
      {refused?.state === "refused" ? <Problem text={`Not done when it was sent: ${refused.reason ?? ""}`} /> : null}
      {panel === "deny" ? <DenyPanel entry={entry} /> : null}
      {panel === "edit" ? <EditPanel entry={entry} /> : null}
      {panel === "rule" ? <RulePanel entry={entry} /> : null}
      {panel === null && can.isAnswerable ? <AnswerForm entry={entry} /> : null}
      {panel === null && !isNothing ? <Buttons entry={entry} can={can} board={board} /> : null}
      {isNothing ? <p className="text-sm text-quiet">Somebody else decides this; you may look.</p> : null}
    </div>
  );
}

function Problem({ text }: { text: string }) {
  return (
    <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-wrap-anywhere">
      {text}
    </p>
  );
}

function Buttons({ entry, can, board }: { entry: InboxEntry; can: Decidable; board: Board }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {can.decisions.includes("approve") ? (
        <Button kind="primary" icon="check" onClick={() => board.act(entry, decisionFor(entry, "approve"))}>
          {yesLabel(entry.kind)}
        </Button>
      ) : null}
      {can.decisions.includes("deny") ? (
        <Button icon="close" onClick={() => board.openPanel(entry.id, "deny")}>
          {noLabel(entry.kind)}
        </Button>
      ) : null}
      <KindButtons entry={entry} />
      {can.decisions.includes("dismiss") && entry.kind !== "question" ? (
        <Button onClick={() => board.act(entry, decisionFor(entry, "dismiss"))}>Put away</Button>
      ) : null}
      {can.isEditable ? (
        <Button icon="edit" className="max-sm:hidden" onClick={() => board.openPanel(entry.id, "edit")}>
          Edit
        </Button>
      ) : null}
      {can.hasScopes ? (
        <Button kind="quiet" icon="shield" className="max-sm:hidden" onClick={() => board.openPanel(entry.id, "rule")}>
          Decide for more than once
        </Button>
      ) : null}
      <span className={entry.kind === "approval" ? "sm:hidden" : "contents"}>
        <MoreMenu label="More about this" entries={useMore(entry, can, board)} />
      </span>
    </div>
  );
}

/** What a narrow screen has no room for, and where the entry leads. */
function useMore(entry: InboxEntry, can: Decidable, board: Board): MenuEntry[] {
  const navigate = useNavigate();
  const { goalId, runId, kind } = entry;
  const more: MenuEntry[] = [];
  if (can.isEditable) more.push({ label: "Edit", icon: "edit", onSelect: () => board.openPanel(entry.id, "edit") });
  if (can.hasScopes) {
    const onSelect = () => board.openPanel(entry.id, "rule");
    more.push({ label: "Decide for more than once", icon: "shield", onSelect });
  }
  if (kind !== "stopped" && kind !== "budget") return more;
  if (goalId !== null) {
    const onSelect = () => void navigate({ to: "/goals/$goalId", params: { goalId } });
    more.push({ label: "Open the goal", icon: "goal", onSelect });
  }
  if (runId !== null) {
    const onSelect = () => void navigate({ to: "/runs/$runId", params: { runId } });
    more.push({ label: "Open the run", icon: "activity", onSelect });
  }
  return more;
}

/** What only some kinds have. */
function KindButtons({ entry }: { entry: InboxEntry }) {
  switch (entry.kind) {
    case "unknown_effect":
      return <AskService entry={entry} />;
    case "stopped":
    case "budget":
      return <GoOn entry={entry} />;
    case "failed_run":
      return entry.runId === null ? null : (
        <Link to="/runs/$runId" params={{ runId: entry.runId }} className={buttonClass()}>
          Open the run
        </Link>
      );
    case "sign_in":
      return (
        <Link to="/health" className={buttonClass("primary")}>
          Open health
        </Link>
      );
    default:
      return null;
  }
}

/** Asks the provider what became of an effect; where it cannot say, it stays as it is. */
function AskService({ entry }: { entry: InboxEntry }) {
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const ask = async () => {
    setBusy(true);
    try {
      const effectId = entry.effectId ?? (await effectOf(entry));
      if (effectId === null) throw new Error("The ledger has no effect for this. Decide it by what you found.");
      const effect = await client.reconcileEffect({ params: { effectId } });
      if (effect.status === "unknown") setSaid("The service cannot say. Look there, then decide.");
      else
        toast(effect.status === "done" ? "The service says that it took place." : "The service says that it did not.");
    } catch (error) {
      setSaid(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button icon="search" busy={isBusy} onClick={() => void ask()}>
        Ask the service
      </Button>
      {said === null ? null : (
        <p role="status" className="order-last w-full text-sm text-wrap-anywhere">
          {said}
        </p>
      )}
    </>
  );
}

async function effectOf(entry: InboxEntry): Promise<string | null> {
  if (entry.runId === null) return null;
  const { effects } = await client.listEffects({ query: { run: entry.runId, status: ["unknown"], limit: 100 } });
  return effects.find((effect) => effect.toolCallId === entry.toolCallId)?.id ?? null;
}

/** Resumes the goal that stopped. */
function GoOn({ entry }: { entry: InboxEntry }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const goal = useView((view) => (entry.goalId === null ? undefined : view.goals[entry.goalId]));
  const { goalId } = entry;
  const resume = async () => {
    if (goalId === null) return;
    setBusy(true);
    setProblem(null);
    try {
      await client.resumeGoal({ params: { goal: goalId } });
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  const canResume = goalId !== null && (goal === undefined || goal.status === "paused" || goal.status === "blocked");
  return (
    <>
      {canResume && entry.kind === "stopped" ? (
        <Button kind="primary" icon="play" busy={isBusy} onClick={() => void resume()}>
          Resume the goal
        </Button>
      ) : null}
      {canResume && entry.kind === "budget" ? (
        <Link to="/goals/$goalId" params={{ goalId }} className={buttonClass("primary")}>
          Open the goal
        </Link>
      ) : null}
      {problem === null ? null : (
        <p role="alert" className="order-last w-full text-sm text-bad text-wrap-anywhere">
          {problem}
        </p>
      )}
    </>
  );
}
