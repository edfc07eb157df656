import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { dropShared, type SharedContent } from "../../lib/shared-content.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { queries } from "../../live/load.ts";
import { useView } from "../../live/use-live.ts";
import { Button } from "../../ui/button.tsx";
import { Dictate } from "../../ui/dictate.tsx";
import { Select, TextArea } from "../../ui/field.tsx";
import { VoiceNote } from "../../ui/voice-note.tsx";
import { type ShareTarget, sendShared } from "./send-shared.ts";
import { SharedFiles } from "./shared-files.tsx";

const MAX_TEXT_CHARACTERS = 20_000;
const RECENT_THREADS = 30;

/** What was shared, and where it goes. Nothing leaves the device before the button is pressed. */
export function ShareForm({ id, shared }: { id: string; shared: SharedContent }) {
  const router = useRouter();
  const [text, setText] = useState(shared.text);
  const [files, setFiles] = useState<readonly File[]>(shared.files);
  const [to, setTo] = useState("goal");
  const { isBusy, problem, run } = useBusy();
  const targetOf = useTargets();
  const isAgent = to.startsWith("agent:");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const path = await sendShared(targetOf(to), text.trim(), files);
      // What goes on in the composer is kept there as words.
      await dropShared(id);
      router.history.replace(path);
    });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextArea
        label="Text"
        hint="Say what should be done with it."
        rows={4}
        maxLength={MAX_TEXT_CHARACTERS}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <SharedFiles files={files} onRemove={(file) => setFiles(files.filter((one) => one !== file))} />
      <div className="flex flex-wrap items-center gap-2">
        <Dictate text={text} onText={setText} disabled={isBusy} />
        <VoiceNote disabled={isBusy} onFile={(file) => setFiles((now) => [...now, file])} />
      </div>
      <TargetField to={to} onChange={setTo} />
      {isAgent && files.length > 0 ? (
        <p className="text-sm text-warn">Files go into a thread or a new goal. Choose one of those.</p>
      ) : null}
      {problem === null ? null : (
        <p role="alert" className="text-sm text-bad text-wrap-anywhere">
          {problem} Nothing is lost; try again.
        </p>
      )}
      <Button
        kind="primary"
        type="submit"
        icon={to === "goal" ? "goal" : "send"}
        busy={isBusy}
        disabled={text.trim() === "" || (isAgent && files.length > 0)}
      >
        {to === "goal" ? (files.length === 0 ? "Go on to the goal" : "Set the goal") : "Send"}
      </Button>
      {isBusy && files.length > 0 ? (
        <p role="status" className="text-sm text-quiet">
          Uploading the files.
        </p>
      ) : null}
    </form>
  );
}

function useTargets(): (to: string) => ShareTarget {
  const threads = useView((view) => view.threads);
  const agents = useView((view) => view.agents);
  return (to) => {
    const [kind, id] = to.split(":");
    if (kind === "agent" && id !== undefined) return { to: "agent", agent: id };
    const thread = id === undefined ? undefined : threads[id];
    if (kind === "thread" && thread !== undefined) {
      return { to: "thread", thread: thread.id, agent: agents[thread.agentId]?.id ?? null };
    }
    return { to: "goal" };
  };
}

function TargetField({ to, onChange }: { to: string; onChange: (to: string) => void }) {
  useQuery(queries.agents);
  useQuery(queries.threads);
  const agents = useView((view) => view.agents);
  const threads = useView((view) => view.threads);
  const recent = Object.values(threads)
    .toSorted((one, other) => other.updatedAt.localeCompare(one.updatedAt))
    .slice(0, RECENT_THREADS);
  return (
    <Select label="Where it goes" value={to} onChange={(event) => onChange(event.target.value)}>
      <option value="goal">A new goal</option>
      <optgroup label="A message to an agent">
        {Object.values(agents).map(({ id, name }) => (
          <option key={id} value={`agent:${id}`}>
            {name}
          </option>
        ))}
      </optgroup>
      <optgroup label="A message in a thread">
        {recent.map(({ id, title }) => (
          <option key={id} value={`thread:${id}`}>
            {title}
          </option>
        ))}
      </optgroup>
    </Select>
  );
}
