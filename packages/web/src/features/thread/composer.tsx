import type { Run } from "@bureau/protocol";
import { type FormEvent, type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { client } from "../../lib/session.ts";
import { Button } from "../../ui/button.tsx";
import { Dictate } from "../../ui/dictate.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { queueMessage } from "./send-queued.ts";
import { useStoredText } from "./use-stored-text.ts";

const MODES = { now: "Steer now", after: "Queue for after" } as const;
type Mode = keyof typeof MODES;

interface ComposerProps {
  threadId: string;
  agentName: string;
  /** The run that is not over, if there is one. */
  openRun: Run | null;
  /** Which model answers, and whether it is a rehearsal. */
  footnote: ReactNode;
}

/** Where a person writes. While a run is at work they choose whether it reads this now or afterwards. */
export function Composer({ threadId, agentName, openRun, footnote }: ComposerProps) {
  const [text, setText] = useStoredText(`thread.${threadId}`);
  const [mode, setMode] = useState<Mode>("now");
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const canSend = text.trim() !== "" && !isBusy;

  const send = async () => {
    if (!canSend) return;
    if (openRun !== null && mode === "after") {
      queueMessage(threadId, openRun.id, text.trim());
      setText("");
      return;
    }
    setBusy(true);
    try {
      await client.postMessage({ params: { threadId }, body: { text: text.trim() } });
      setText("");
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
      field.current?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void send();
      }}
      className="mx-auto w-full max-w-3xl shrink-0 px-4 pb-2 md:px-8 md:pb-4"
    >
      <div className="rounded-2xl border border-strong-line bg-raised p-2 focus-within:outline-2 focus-within:outline-accent">
        <textarea
          ref={field}
          aria-label={`Message to ${agentName}`}
          placeholder={placeholderOf(openRun, mode, agentName)}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          enterKeyHint="send"
          className="field-sizing-content max-h-[40dvh] min-h-11 w-full resize-none bg-transparent px-2 py-2 outline-none md:min-h-10"
        />
        <div className="flex flex-wrap items-center justify-end gap-2">
          <span className="mr-auto min-w-0 px-2 text-xs text-quiet text-wrap-anywhere">{footnote}</span>
          {openRun === null ? null : <ModeChoice mode={mode} onChange={setMode} />}
          <Dictate text={text} onText={setText} disabled={isBusy} />
          <Button
            kind="primary"
            type="submit"
            icon="send"
            busy={isBusy}
            disabled={text.trim() === ""}
            aria-keyshortcuts="Enter"
            className="px-3"
          >
            {openRun !== null && mode === "after" ? "Queue" : "Send"}
          </Button>
        </div>
      </div>
    </form>
  );
}

function ModeChoice({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  return (
    <div
      role="radiogroup"
      aria-label="When the agent reads it"
      className="flex rounded-lg border border-line bg-sunken"
    >
      {(Object.keys(MODES) as Mode[]).map((one) => (
        <label
          key={one}
          className="flex min-h-11 cursor-pointer items-center rounded-lg px-2.5 text-sm whitespace-nowrap text-quiet has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent md:min-h-9"
        >
          <input
            type="radio"
            name="mode"
            value={one}
            checked={mode === one}
            onChange={() => onChange(one)}
            className="sr-only"
          />
          {MODES[one]}
        </label>
      ))}
    </div>
  );
}

function placeholderOf(run: Run | null, mode: Mode, agentName: string): string {
  if (run === null) return `Message ${agentName}`;
  if (mode === "after") return "Sent when this run is over";
  if (run.waitReason === "question") return "Your answer";
  return "Read at the next safe point";
}
