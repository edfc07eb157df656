import { AppError, type GuestView } from "@bureau/protocol";
import { useEffect, useRef } from "react";
import { previewOf } from "../../lib/action-preview.ts";
import { ActionView } from "../../lib/action-view.tsx";
import { formatUntil } from "../../lib/format.ts";
import { problemOf } from "../../lib/problem.ts";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { useNow } from "../../lib/use-now.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { Icon } from "../../ui/icon.tsx";
import { InertBox, InertText } from "../../ui/inert-box.tsx";
import { AnswerAsGuest } from "./answer-as-guest.tsx";
import { DecideAsGuest } from "./decide-as-guest.tsx";

type AskedThing = NonNullable<GuestView["asked"]>;

interface AskedProps {
  secret: string;
  view: GuestView;
  asked: AskedThing;
  onView: (view: GuestView) => void;
  /** Why an earlier word was not taken. */
  notice: string | null;
  onRefused: (problem: string) => void;
}

const HEADINGS: Record<AskedThing["what"], string> = {
  approval: "May this be done?",
  question: "A question for you",
  sign_off: "Is this done?",
};

/** The one thing that is asked, exactly, and what to say to it. */
export function Asked({ secret, view, asked, notice, onView, onRefused }: AskedProps) {
  const now = useNow();
  const heading = useRef<HTMLHeadingElement>(null);
  const { isBusy, problem, run } = useBusy();
  // A new question after an answer: whoever hears the screen is told of it.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const send = (work: () => Promise<GuestView>) =>
    void run(async () => {
      try {
        onView(await work());
      } catch (error) {
        if (!(error instanceof AppError && error.code === "conflict")) throw error;
        onRefused(problemOf(error));
      }
    });
  const decide = (decision: "approve" | "deny", note: string) =>
    send(() => client.decideByLink({ body: { secret, ref: asked.ref, decision, ...(note !== "" && { note }) } }));
  const answer = (given: { text: string } | { choice: number }) =>
    send(() => client.answerByLink({ body: { secret, ref: asked.ref, ...given } }));
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-xl flex-col gap-5 p-4 pb-[max(2rem,env(safe-area-inset-bottom))] md:justify-center md:p-6">
      <title>{`${HEADINGS[asked.what]} · Bureau`}</title>
      <header className="flex flex-col gap-1">
        <img src="/icon.svg" alt="" className="mb-2 size-10" />
        <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight outline-none">
          {HEADINGS[asked.what]}
        </h1>
        <p className="text-quiet text-wrap-anywhere">
          An agent asks you, {view.name}. Your name will stand beside what you say.
        </p>
      </header>
      {notice === null ? null : (
        <p role="alert" className="rounded-lg bg-warn-soft p-3 text-sm text-wrap-anywhere">
          {notice}
        </p>
      )}
      <What asked={asked} />
      {asked.what === "question" ? (
        <AnswerAsGuest choices={asked.choices} busy={isBusy} problem={problem} onAnswer={answer} />
      ) : (
        <DecideAsGuest what={asked.what} busy={isBusy} problem={problem} onDecide={decide} />
      )}
      <p className="text-sm text-quiet">
        {`Can be decided until ${formatUntil(asked.expiresAt ?? view.expiresAt, now)}. People of the workspace can decide it too.`}
      </p>
    </main>
  );
}

/** What an agent wrote, and what would be done: in boxes, so that it can't pass for this page's own words. */
function What({ asked }: { asked: AskedThing }) {
  const { action } = asked;
  return (
    <section aria-label="What is asked" className="flex flex-col gap-3">
      <InertBox caption={asked.what === "question" ? "The question, as the agent wrote it" : "What it is about"}>
        <InertText text={asked.title} isWhole />
      </InertBox>
      {asked.text === null ? null : (
        <InertBox caption={asked.what === "sign_off" ? "What done looks like" : "In its words"}>
          <InertText text={asked.text} isWhole />
        </InertBox>
      )}
      {action === null ? null : (
        <>
          <ActionView preview={previewOf({ ...action, kind: "" })} targets={action.targets} isWhole />
          <p className="flex gap-1.5 text-sm text-quiet">
            <Icon name={action.reversible ? "undo" : "warning"} className="mt-0.5 size-4 shrink-0" />
            <span className="text-wrap-anywhere">
              {action.reversible ? "It can be undone afterwards." : "It can not be undone."} Done with the tool{" "}
              {visibleText(action.tool)}.
            </span>
          </p>
        </>
      )}
    </section>
  );
}
