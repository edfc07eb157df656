import type { Goal } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { client } from "../../lib/session.ts";
import { useKept } from "../../lib/use-kept.ts";
import { TextArea } from "../../ui/field.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { Side } from "./conflict-fields.tsx";
import { EditBar } from "./edit-bar.tsx";
import { type KeptText, textKey, useSaveEdit } from "./use-edit.ts";

/** The goal's file as it is, with comments and keys that the form does not know. */
export function EditText({ goal }: { goal: Goal }) {
  const [kept, setEdit, forget] = useKept<KeptText | null>(textKey(goal.id), null);
  const { isSaving, error, clearError, save, close } = useSaveEdit(goal, forget);
  const { data: now, ...query } = useQuery({
    queryKey: ["goals", goal.id, "text", goal.version],
    queryFn: () => client.getGoalText({ params: { goal: goal.id } }),
    // A file is changed by hand too: it is read each time that the editor opens.
    staleTime: 0,
    placeholderData: (before: { text: string; version: number } | undefined) => before,
  });
  if (now === undefined) {
    return query.error === null ? (
      <Loading rows={4} label="Loading the text" />
    ) : (
      <Failure error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const edit = kept ?? { version: now.version, base: now.text, mine: now.text };
  const isDirty = edit.mine !== edit.base;
  const isSame = edit.base === now.text;
  const hasMoved = isDirty && !isSame && edit.mine !== now.text;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // Where the text is the same, a newer version was only paused or resumed.
        save({ text: edit.mine, version: isSame ? now.version : edit.version });
      }}
    >
      {hasMoved ? (
        <Moved
          now={now.text}
          mine={edit.mine}
          onTakeTheirs={() => {
            clearError();
            forget();
          }}
          onKeepMine={() => {
            clearError();
            setEdit({ version: now.version, base: now.text, mine: edit.mine });
          }}
        />
      ) : null}
      <TextArea
        label="The whole file"
        hint="Between the dashes stands what Bureau reads; below them, the brief in plain words."
        rows={18}
        spellCheck={false}
        value={isDirty ? edit.mine : now.text}
        className="min-h-80 font-mono text-sm"
        onChange={(event) =>
          setEdit(
            isDirty
              ? { ...edit, mine: event.target.value }
              : { version: now.version, base: now.text, mine: event.target.value },
          )
        }
      />
      <EditBar
        isDirty={isDirty}
        isSaving={isSaving}
        hint={hasMoved ? "Say first which text you go on with, above." : null}
        error={error}
        onClose={close}
        onDrop={() => {
          clearError();
          forget();
        }}
      />
    </form>
  );
}

/** Both texts, where the file was changed elsewhere. */
function Moved(props: { now: string; mine: string; onTakeTheirs: () => void; onKeepMine: () => void }) {
  return (
    <section
      aria-label="Changed by both"
      className="mb-4 flex flex-col gap-3 rounded-xl border border-warn bg-warn-soft p-4"
    >
      <p role="alert" className="font-medium">
        The file was changed since you began. Nothing was written over. Say which text you go on with.
      </p>
      <div className="grid gap-3 md:grid-cols-2">
        <Side title="As it is now" text={props.now} action="Take this, and drop mine" onTake={props.onTakeTheirs} />
        <Side title="Yours" text={props.mine} action="Keep mine, over the newer text" onTake={props.onKeepMine} />
      </div>
    </section>
  );
}
