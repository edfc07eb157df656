import { type Decision, type InboxEntry, type Scope } from "@bureau/protocol";
import { type FormEvent, useEffect, useState } from "react";
import { submitByKeys } from "../../lib/hotkeys.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { inBatch } from "./decidable.ts";
import type { BatchResult } from "./use-board.ts";

/** What came of it is on each card too. */
const SHOWN_MS = 10_000;
const MAX_REASON_CHARACTERS = 2_000;
const LABELS: Record<Decision["decision"], string> = { approve: "Approve", deny: "Deny", dismiss: "Put away" };

interface BatchBarProps {
  chosen: readonly InboxEntry[];
  scope: Scope;
  onDecide: (decision: Decision["decision"], note?: string) => Promise<BatchResult>;
  onClear: () => void;
}

/** What can be done with all that are chosen. Each is decided by itself; what failed says so on its card. */
export function BatchBar({ chosen, scope, onDecide, onClear }: BatchBarProps) {
  const [isDenying, setDenying] = useState(false);
  const [reason, setReason] = useState("");
  const [result, setResult] = useState<string | null>(null);
  const decide = async (decision: Decision["decision"], note?: string) => {
    setDenying(false);
    setReason("");
    setResult("Being decided …");
    setResult(resultWords(await onDecide(decision, note)));
  };
  const deny = (event: FormEvent) => {
    event.preventDefault();
    void decide("deny", reason.trim() === "" ? undefined : reason.trim());
  };
  const isTold = result !== null && chosen.length === 0;
  useEffect(() => {
    if (!isTold) return;
    const timer = window.setTimeout(() => setResult(null), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [isTold, result]);
  if (chosen.length === 0 && result === null) return null;
  const count = (decision: Decision["decision"]) =>
    chosen.filter((entry) => inBatch(entry, scope).includes(decision)).length;
  return (
    <section
      aria-label="Chosen"
      className="pointer-events-auto w-full max-w-176 rounded-xl border border-strong-line bg-raised p-2 shadow-lg"
    >
      {isDenying && chosen.length > 0 ? (
        <form onSubmit={deny} onKeyDown={submitByKeys(() => setDenying(false))} className="flex flex-col gap-2 p-1">
          <TextField
            label={`Why not? The same reason for all ${count("deny")} (may stay empty)`}
            value={reason}
            autoFocus
            maxLength={MAX_REASON_CHARACTERS}
            onChange={(event) => setReason(event.target.value)}
          />
          <div className="flex gap-2">
            <Button kind="danger" type="submit">
              Deny {count("deny")}
            </Button>
            <Button kind="quiet" onClick={() => setDenying(false)}>
              Cancel
            </Button>
          </div>
        </form>
      ) : (
        <div className="flex flex-wrap items-center gap-2">
          <p role="status" className="min-w-0 flex-1 px-2 text-sm">
            {chosen.length > 0 ? `${chosen.length} chosen` : result}
          </p>
          {(["approve", "deny", "dismiss"] as const).map((decision) =>
            count(decision) === 0 ? null : (
              <Button
                key={decision}
                kind={decision === "approve" ? "primary" : "plain"}
                onClick={() => (decision === "deny" ? setDenying(true) : void decide(decision))}
              >
                {LABELS[decision]} {count(decision)}
              </Button>
            ),
          )}
          <Button
            kind="quiet"
            onClick={() => {
              setResult(null);
              onClear();
            }}
          >
            {chosen.length > 0 ? "Choose none" : "Close"}
          </Button>
        </div>
      )}
    </section>
  );
}

function resultWords({ done, queued, failed }: BatchResult): string {
  const parts = [
    done > 0 ? `${done} decided` : null,
    queued > 0 ? `${queued} will be sent when Bureau is back` : null,
    failed > 0 ? `${failed} could not be decided; each says why` : null,
  ];
  return `${parts.filter((part) => part !== null).join(", ") || "Nothing to decide"}.`;
}
