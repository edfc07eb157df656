import { type Run, TERMINAL_RUN_STATUSES } from "@bureau/protocol";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "../../lib/session.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextArea } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { MoreMenu, type MenuEntry } from "../../ui/menu.tsx";
import { messageOf } from "../../ui/states.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";

/** Stop it, or tell it something, while it is not over. */
export function RunActions({ run }: { run: Run }) {
  const isOpen = !TERMINAL_RUN_STATUSES.includes(run.status);
  const [isSteering, setSteering] = useState(false);
  const [isStopping, setStopping] = useState(false);
  const stop = async () => {
    setStopping(true);
    try {
      await client.cancelRun({ params: { runId: run.id } });
    } catch (error) {
      toastFailure(error);
      setStopping(false);
    }
  };
  return (
    <div className="flex flex-wrap gap-2">
      <Link to="/threads/$threadId" params={{ threadId: run.threadId }} className={buttonClass()}>
        <Icon name="thread" className="size-4.5" />
        Open thread
      </Link>
      {isOpen ? (
        <>
          <Button icon="edit" onClick={() => setSteering(true)}>
            Steer
          </Button>
          <Button icon="stop" kind="danger" busy={isStopping} onClick={() => void stop()}>
            Stop
          </Button>
        </>
      ) : null}
      {isSteering ? <SteerDialog runId={run.id} onClose={() => setSteering(false)} /> : null}
    </div>
  );
}

/** What else can be done with it. */
export function RunMenu({ run }: { run: Run }) {
  const navigate = useNavigate();
  const { goalId } = run;
  const entries: MenuEntry[] = [
    {
      label: "Open the thread",
      icon: "thread",
      onSelect: () => void navigate({ to: "/threads/$threadId", params: { threadId: run.threadId } }),
    },
    ...(goalId === null
      ? []
      : [
          {
            label: "Open the goal",
            icon: "goal" as const,
            onSelect: () => void navigate({ to: "/goals/$goalId", params: { goalId } }),
          },
        ]),
    {
      label: "Copy the run's id",
      icon: "copy",
      onSelect: () => void navigator.clipboard.writeText(run.id).then(() => toast("Copied."), toastFailure),
    },
  ];
  return <MoreMenu label="More" entries={entries} />;
}

function SteerDialog({ runId, onClose }: { runId: string; onClose: () => void }) {
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const steer = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await client.steerRun({ params: { runId }, body: { text: text.trim() } });
      toast("The run reads it at its next safe point.");
      onClose();
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog open onClose={onClose} title="Steer this run" description="It reads this at its next safe point.">
      <form onSubmit={(event) => void steer(event)} className="flex flex-col gap-4">
        <TextArea
          label="Message"
          autoFocus
          value={text}
          problem={problem}
          onChange={(event) => setText(event.target.value)}
        />
        <Button kind="primary" type="submit" icon="send" busy={isBusy} disabled={text.trim() === ""}>
          Send
        </Button>
      </form>
    </Dialog>
  );
}
