import type { Goal, MessageReply } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type RefObject, useState } from "react";
import { client } from "../../lib/session.ts";
import { useKept } from "../../lib/use-kept.ts";
import { layThings, readLive } from "../../live/store.ts";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import { Section } from "../../ui/page.tsx";
import { messageOf } from "../../ui/states.tsx";

/** Says something to the agent about this goal, and whether that steered its run or began one. */
export function SteerSection({ goal, field }: { goal: Goal; field: RefObject<HTMLTextAreaElement | null> }) {
  const [text, setText, forget] = useKept(`goal.steer.${goal.id}`, "");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [reply, setReply] = useState<MessageReply | null>(null);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "" || isBusy) return;
    setBusy(true);
    setProblem(null);
    const askedAt = readLive().view.lastSeq;
    try {
      const said = await client.postMessage({ params: { threadId: goal.threadId }, body: { text: text.trim() } });
      layThings("runs", [said.run], askedAt);
      setReply(said);
      forget();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
      field.current?.focus();
    }
  };
  return (
    <Section title="Tell the agent something">
      <form onSubmit={(event) => void send(event)} className="flex flex-col gap-2">
        <TextArea
          ref={field}
          label="Tell the agent something"
          hideLabel
          rows={2}
          value={text}
          problem={problem}
          placeholder="Leave out the part about prices"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
        <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 md:min-h-9">
          <Button type="submit" icon="send" busy={isBusy} disabled={text.trim() === ""}>
            Send
          </Button>
          <p role="status" className="min-w-0 flex-1 text-sm text-quiet">
            {reply === null ? hintFor(goal) : <Answer reply={reply} />}
          </p>
        </div>
      </form>
    </Section>
  );
}

/** Said before anything is sent, where a message does not reach the work on the goal. */
function hintFor({ status }: Goal): string | null {
  return status === "active" || status === "waiting" || status === "blocked"
    ? null
    : "The goal is not at work, so this begins a run of its own in its thread.";
}

function Answer({ reply: { run, steered } }: { reply: MessageReply }) {
  const said = steered
    ? "Told. The agent reads it before its next step. "
    : run.goalId === null
      ? "Told. This began a run of its own in the goal’s thread. "
      : "Told. This began a new run. ";
  return (
    <>
      {said}
      <Link to="/runs/$runId" params={{ runId: run.id }} className="text-accent underline">
        {steered ? "See the run" : "See what it does"}
      </Link>
    </>
  );
}
