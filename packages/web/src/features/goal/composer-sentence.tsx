import type { Agent } from "@bureau/protocol";
import type { FormEvent } from "react";
import { Button } from "../../ui/button.tsx";
import { Dictate } from "../../ui/dictate.tsx";
import { Select, TextArea } from "../../ui/field.tsx";
import { type ComposerState, hasDraft } from "./composer-state.ts";

interface ComposerSentenceProps {
  state: ComposerState;
  agents: readonly Agent[];
  busy: boolean;
  onChange: (change: Partial<ComposerState>) => void;
  onContinue: () => void;
  onWriteMyself: () => void;
}

/** Where a goal begins: what should be true when it is done. */
export function ComposerSentence({ state, agents, busy, onChange, onContinue, onWriteMyself }: ComposerSentenceProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (state.text.trim() !== "" && !busy) onContinue();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextArea
        label="What should be true when this is done?"
        className="text-lg"
        rows={5}
        autoFocus
        maxLength={20_000}
        value={state.text}
        readOnly={busy}
        placeholder="report.md names the three largest risks of the launch, each with a source"
        onChange={(event) => onChange({ text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
        }}
      />
      <AgentField agents={agents} agent={state.agent} onChange={(agent) => onChange({ agent })} />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" type="submit" busy={busy} disabled={state.text.trim() === ""}>
          {hasDraft(state) ? "Back to the draft" : "Continue"}
        </Button>
        {hasDraft(state) ? null : (
          <Button kind="quiet" disabled={busy} onClick={onWriteMyself}>
            Write it all myself
          </Button>
        )}
        <Dictate text={state.text} disabled={busy} onText={(text) => onChange({ text })} />
      </div>
    </form>
  );
}

/** Who works on it; there is nothing to choose where there is one agent. */
export function AgentField({
  agents,
  agent,
  onChange,
}: {
  agents: readonly Agent[];
  agent: string;
  onChange: (agent: string) => void;
}) {
  if (agents.length < 2) return null;
  return (
    <Select label="Agent" value={agent} onChange={(event) => onChange(event.target.value)}>
      <option value="">The one that fits</option>
      {agents.map(({ id, name }) => (
        <option key={id} value={name}>
          {name}
        </option>
      ))}
    </Select>
  );
}
