import { useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "../../lib/session.ts";
import { useKept } from "../../lib/use-kept.ts";
import { layThings, readLive } from "../../live/store.ts";
import { Button } from "../../ui/button.tsx";
import { TextArea, TextField } from "../../ui/field.tsx";
import { Failure } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { answerQuestion, type Interview, NEW_INTERVIEW, takeComposed } from "./interview.ts";

interface StageProps {
  now: Interview;
  isBusy: boolean;
  onChange: (change: Partial<Interview>) => void;
}

/** From a sentence over at most three questions to an agent. What is typed is kept until the agent is made. */
export function InterviewForm() {
  const router = useRouter();
  const [now, setNow, forget] = useKept("agent.interview", NEW_INTERVIEW);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const work = async (does: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await does();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const compose = (from: Interview) => {
    setNow(from);
    void work(async () => {
      const composed = await client.composeAgent({ body: { text: from.text.trim(), answers: from.answers } });
      setNow((latest) => takeComposed(latest, composed));
    });
  };
  const create = () =>
    void work(async () => {
      const askedAt = readLive().view.lastSeq;
      const body = { name: now.name.trim(), instructions: now.instructions };
      const agent = await client.createAgent({ body });
      layThings("agents", [agent], askedAt);
      forget();
      toast(`${agent.name} is there.`);
      await router.navigate({ to: "/agents/$agentId", params: { agentId: agent.id } });
    });
  const answer = (text: string) => {
    const { next, isComplete } = answerQuestion(now, text);
    if (isComplete) compose(next);
    else setNow(next);
  };
  const stage: StageProps = { now, isBusy, onChange: (change) => setNow((latest) => ({ ...latest, ...change })) };
  return (
    <div className="flex flex-col gap-3">
      {now.stage === "sentence" ? <Sentence {...stage} onGo={() => compose({ ...now, answers: [] })} /> : null}
      {now.stage === "questions" ? <Question {...stage} onAnswer={answer} /> : null}
      {now.stage === "draft" ? <Draft {...stage} onCreate={create} /> : null}
      <p role="status" className="min-h-5 text-sm text-quiet">
        {isBusy && now.stage !== "draft" ? "Reading what you wrote. This takes a few seconds." : (now.why ?? "")}
      </p>
      {error === null ? null : (
        <Failure error={error} {...(now.stage !== "draft" && { onRetry: () => compose(now) })} />
      )}
      <div className="flex flex-wrap gap-2">
        {now.stage === "draft" ? null : (
          <Button
            kind="quiet"
            disabled={isBusy}
            onClick={() => setNow({ ...now, stage: "draft", instructions: now.instructions || now.text })}
          >
            Write it myself
          </Button>
        )}
        {now.stage === "sentence" ? null : (
          <Button
            kind="quiet"
            icon="back"
            disabled={isBusy}
            onClick={() => setNow({ ...now, stage: "sentence", answers: [], questions: [] })}
          >
            Back to the beginning
          </Button>
        )}
      </div>
    </div>
  );
}

function submit(does: () => void) {
  return (event: FormEvent) => {
    event.preventDefault();
    does();
  };
}

function Sentence({ now, isBusy, onChange, onGo }: StageProps & { onGo: () => void }) {
  const isEmpty = now.text.trim() === "";
  return (
    <form onSubmit={submit(() => (isEmpty || isBusy ? undefined : onGo()))} className="flex flex-col gap-3">
      <TextArea
        label="What should the agent do for you?"
        hint="In your own words. Bureau asks at most three questions, then you see everything before it is made."
        value={now.text}
        readOnly={isBusy}
        maxLength={20_000}
        placeholder="Read the mails of the support address every morning and sort them by what is urgent"
        onChange={({ target }) => onChange({ text: target.value })}
      />
      <Button kind="primary" type="submit" busy={isBusy} disabled={isEmpty} className="self-start">
        Go on
      </Button>
    </form>
  );
}

function Question({ now, isBusy, onChange, onAnswer }: StageProps & { onAnswer: (text: string) => void }) {
  const asked = now.questions[Math.min(now.position, now.questions.length - 1)];
  if (asked === undefined) return null;
  return (
    <form onSubmit={submit(() => (isBusy ? undefined : onAnswer(now.writing)))} className="flex flex-col gap-3">
      <div className="rounded-xl bg-sunken px-4 py-3" aria-live="polite">
        <p className="text-sm text-quiet">
          Question {Math.min(now.position + 1, now.questions.length)} of {now.questions.length}
        </p>
        <p className="text-lg font-semibold text-wrap-anywhere">{asked.question}</p>
      </div>
      <div className="flex flex-wrap gap-2">
        {asked.suggestions.map((suggestion) => (
          <Button key={suggestion} disabled={isBusy} onClick={() => onAnswer(suggestion)}>
            {suggestion}
          </Button>
        ))}
      </div>
      <TextArea
        label="Your answer"
        rows={2}
        maxLength={2_000}
        readOnly={isBusy}
        value={now.writing}
        onChange={({ target }) => onChange({ writing: target.value })}
      />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" type="submit" busy={isBusy} disabled={now.writing.trim() === ""}>
          Answer
        </Button>
        <Button disabled={isBusy} onClick={() => onAnswer("")}>
          I don’t mind
        </Button>
      </div>
    </form>
  );
}

function Draft({ now, isBusy, onChange, onCreate }: StageProps & { onCreate: () => void }) {
  const isReady = now.name.trim() !== "" && now.instructions.trim() !== "";
  return (
    <form onSubmit={submit(() => (isReady && !isBusy ? onCreate() : undefined))} className="flex flex-col gap-3">
      <TextField
        label="Name"
        value={now.name}
        maxLength={200}
        autoCapitalize="none"
        hint="A new folder with this name is made for it."
        onChange={({ target }) => onChange({ name: target.value })}
      />
      <TextArea
        label="Instructions"
        rows={10}
        className="font-mono"
        value={now.instructions}
        hint="What it reads before all its work, as Markdown. You can change it at any time."
        onChange={({ target }) => onChange({ instructions: target.value })}
      />
      <Button kind="primary" type="submit" busy={isBusy} disabled={!isReady} className="self-start">
        Make the agent
      </Button>
    </form>
  );
}
