import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ComposerDraft } from "../features/goal/composer-draft.tsx";
import { ComposerQuestions } from "../features/goal/composer-questions.tsx";
import { ComposerSentence } from "../features/goal/composer-sentence.tsx";
import { isUntouched } from "../features/goal/composer-state.ts";
import { takeText, useComposer } from "../features/goal/use-composer.ts";
import { useAgents } from "../features/goal/use-goals.ts";
import { queries } from "../live/load.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

/** From a sentence to a goal. */
export function NewGoalScreen() {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const router = useRouter();
  const text = typeof search["text"] === "string" ? search["text"] : "";
  // Before the composer reads what is kept, and once.
  const [taken, setTaken] = useState(() => {
    takeText(text);
    return text;
  });
  if (text !== "" && text !== taken) {
    takeText(text);
    setTaken(text);
  }
  useEffect(() => {
    if (text !== "") void router.navigate({ to: "/goals/new", replace: true });
  }, [router, text]);
  return <Composer key={taken} />;
}

function Composer() {
  useQuery(queries.agents);
  const agents = useAgents();
  const composer = useComposer();
  const { state, before, isAsking, saving, error } = composer;
  return (
    <Page
      title="New goal"
      backTo="/goals"
      actions={
        isUntouched(state) ? undefined : (
          <Button kind="quiet" disabled={saving !== null} onClick={composer.startOver}>
            Start over
          </Button>
        )
      }
    >
      {before === null ? null : (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-2 rounded-xl bg-info-soft px-4 py-2 text-sm">
          <p className="line-clamp-2 min-w-0 flex-1 basis-60 text-wrap-anywhere">
            You were writing another goal: {before.text || before.form.brief}
          </p>
          <Button onClick={composer.takeBefore}>Go on with that one</Button>
        </div>
      )}
      {state.stage === "sentence" ? (
        <ComposerSentence
          state={state}
          agents={agents}
          busy={isAsking}
          onChange={composer.change}
          onContinue={composer.go}
          onWriteMyself={composer.writeMyself}
        />
      ) : null}
      {state.stage === "questions" ? (
        <ComposerQuestions
          state={state}
          busy={isAsking}
          onWriting={(writing) => composer.change({ writing })}
          onAnswer={composer.answer}
          onSkipAll={composer.skip}
          onBack={composer.back}
        />
      ) : null}
      {state.stage === "draft" ? (
        <ComposerDraft
          state={state}
          agents={agents}
          saving={saving}
          onChange={composer.change}
          onSave={composer.save}
          onBack={composer.back}
        />
      ) : null}
      {isAsking ? <Asking onStop={composer.stopAsking} onWriteMyself={composer.writeMyself} /> : null}
      {error === null ? null : (
        <div className="mt-4 flex flex-col gap-2">
          <Failure error={error} {...(state.stage === "draft" ? {} : { onRetry: composer.retry })} />
          <p className="text-sm text-quiet">Nothing that you wrote is lost.</p>
          {state.stage === "draft" ? null : (
            <Button className="self-start" onClick={composer.writeMyself}>
              Write the rest myself
            </Button>
          )}
        </div>
      )}
    </Page>
  );
}

/** While a model reads what was written. */
function Asking({ onStop, onWriteMyself }: { onStop: () => void; onWriteMyself: () => void }) {
  return (
    <div className="mt-4">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <p role="status" className="text-sm text-quiet">
          Reading what you wrote. This takes a few seconds.
        </p>
        <div className="flex gap-1">
          <Button kind="quiet" onClick={onStop}>
            Stop
          </Button>
          <Button kind="quiet" onClick={onWriteMyself}>
            Write the rest myself
          </Button>
        </div>
      </div>
      <Loading rows={2} label="Making questions or a draft" />
    </div>
  );
}
