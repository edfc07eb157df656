import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { client } from "../../lib/session.ts";
import { keep, readKept, useKept } from "../../lib/use-kept.ts";
import { layThings, readLive } from "../../live/store.ts";
import { toast } from "../../ui/toast.tsx";
import { composeGoal } from "./compose.ts";
import {
  answerQuestion,
  type ComposerState,
  emptyComposer,
  hasDraft,
  isUntouched,
  skipQuestions,
  stepBack,
  takeComposed,
  writeMyself,
} from "./composer-state.ts";
import type { WholeFields } from "./spec-form.ts";

const KEY = "composer";
/** Where something lies that was being written when another goal was begun from outside. */
const BEFORE_KEY = "composer.before";

/** Begins with a text that came with the address, and lays aside what was being written. */
export function takeText(text: string): void {
  const kept = readKept<ComposerState>(KEY);
  if (text === "" || kept?.text === text) return;
  if (kept !== null && !isUntouched(kept)) keep(BEFORE_KEY, kept);
  keep(KEY, emptyComposer(text));
}

type SetState = (next: ComposerState | ((now: ComposerState) => ComposerState)) => void;

/** Asks for questions or a draft, one request at a time. */
function useAsking(setState: SetState) {
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const asking = useRef<AbortController | null>(null);
  useEffect(() => () => asking.current?.abort(), []);
  const stop = () => {
    asking.current?.abort();
    setAsking(false);
    setError(null);
  };
  const compose = async (from: ComposerState) => {
    stop();
    const control = new AbortController();
    asking.current = control;
    setState(from);
    setAsking(true);
    try {
      const composed = await composeGoal({ ...from, text: from.text.trim() }, control.signal);
      if (!control.signal.aborted) setState((now) => takeComposed(now, composed));
    } catch (reason) {
      if (!control.signal.aborted) setError(reason);
    } finally {
      if (asking.current === control) setAsking(false);
    }
  };
  return { isAsking, error, compose: (from: ComposerState) => void compose(from), stop };
}

/** Writes the goal down for good; what was typed is kept until that has happened. */
function useSaving(forget: () => void) {
  const router = useRouter();
  const [saving, setSaving] = useState<"start" | "keep" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const save = async (fields: WholeFields, how: "start" | "keep", agent: string) => {
    setSaving(how);
    setError(null);
    const askedAt = readLive().view.lastSeq;
    try {
      const goal = await client.createGoal({
        body: { spec: fields, draft: how === "keep", ...(agent !== "" && { agent }) },
      });
      layThings("goals", [goal], askedAt);
      forget();
      toast(how === "keep" ? "Kept as a draft. It starts when you resume it." : "The goal is set.");
      await router.navigate({ to: "/goals/$goalId", params: { goalId: goal.id }, replace: true });
    } catch (reason) {
      setError(reason);
      setSaving(null);
    }
  };
  return { saving, error, save };
}

/** A goal in the making: its state, and everything that moves it on. */
export function useComposer() {
  const [state, setState, forget] = useKept<ComposerState>(KEY, emptyComposer());
  const [before, setBefore, forgetBefore] = useKept<ComposerState | null>(BEFORE_KEY, null);
  const { isAsking, error, compose, stop } = useAsking(setState);
  const { saving, error: saveError, save } = useSaving(forget);
  const moveTo = (next: ComposerState) => {
    stop();
    setState(next);
  };
  return {
    state,
    before,
    isAsking,
    saving,
    error: error ?? saveError,
    change: (change: Partial<ComposerState>) => setState((now) => ({ ...now, ...change })),
    /** From the sentence to questions or a draft; the draft that was made of this sentence is there already. */
    go: () => (hasDraft(state) ? moveTo({ ...state, stage: "draft" }) : compose({ ...state, answers: [] })),
    answer: (answer: string) => {
      const next = answerQuestion(state, answer);
      if (next.isComplete) compose(next.state);
      else setState(next.state);
    },
    skip: () => compose(skipQuestions(state)),
    retry: () => compose(state),
    writeMyself: () => moveTo(writeMyself(state)),
    stopAsking: stop,
    back: () => moveTo(stepBack(state)),
    /** What was written is laid aside, not thrown away. */
    startOver: () => {
      stop();
      setBefore(state);
      forget();
    },
    takeBefore: () => {
      if (before === null) return;
      const other = isUntouched(state) ? null : state;
      moveTo(before);
      if (other === null) forgetBefore();
      else setBefore(other);
    },
    save: (fields: WholeFields, how: "start" | "keep") => void save(fields, how, state.agent),
  };
}
