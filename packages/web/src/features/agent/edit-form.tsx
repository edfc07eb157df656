import { AppError, type ContextFile } from "@bureau/protocol";
import { lazy, Suspense, useState } from "react";
import { client } from "../../lib/session.ts";
import { useKept } from "../../lib/use-kept.ts";
import { Button } from "../../ui/button.tsx";
import { InertBox, InertText } from "../../ui/inert-box.tsx";
import { Failure } from "../../ui/states.tsx";
import { TextEditor } from "../../ui/text-editor.tsx";
import { toast } from "../../ui/toast.tsx";
import type { EditPlace } from "./edit-place.ts";

const ChangedLines = lazy(() =>
  import("../../ui/changed-lines.tsx").then(({ ChangedLines: component }) => ({ default: component })),
);

interface EditFormProps {
  place: EditPlace;
  opened: ContextFile;
  onDone: () => void;
}

interface Kept {
  /** What the text was begun from; another file is a conflict when it is saved. */
  hash: string | null;
  text: string;
}

/** The file in an editor. What is typed is kept until it is saved; a change by somebody else is never written over. */
export function EditForm({ place, opened, onDone }: EditFormProps) {
  const [kept, setKept, forget] = useKept<Kept>(`agent.file.${place.agentId}.${place.path}`, opened);
  const [theirs, setTheirs] = useState<ContextFile | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isChanged = kept.text !== opened.text;
  const save = async (hash: string | null) => {
    setBusy(true);
    setError(null);
    const params = { agent: place.agentId };
    try {
      await client.saveContextFile({ params, body: { path: place.path, text: kept.text, hash } });
      forget();
      toast("Saved. The agent reads it before its next run.");
      onDone();
    } catch (reason) {
      setError(reason);
      if (reason instanceof AppError && reason.code === "conflict") {
        await client
          .getContextFile({ params, query: { path: place.path } })
          .then(setTheirs)
          .catch(() => undefined);
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-col gap-3">
      <TextEditor
        label={`Text of ${place.path}`}
        value={kept.text}
        onChange={(text) => setKept((now) => ({ hash: now.hash, text }))}
      />
      {theirs === null ? (
        error === null ? null : (
          <Failure error={error} />
        )
      ) : (
        <Conflict mine={kept.text} theirs={theirs.text} />
      )}
      <div className="flex flex-wrap gap-2">
        {theirs === null ? (
          <Button kind="primary" busy={isBusy} disabled={!isChanged} onClick={() => void save(kept.hash)}>
            Save
          </Button>
        ) : (
          <>
            <Button kind="primary" busy={isBusy} onClick={() => void save(theirs.hash)}>
              Save mine in its place
            </Button>
            <Button
              disabled={isBusy}
              onClick={() => {
                setKept({ hash: theirs.hash, text: theirs.text });
                setTheirs(null);
                setError(null);
              }}
            >
              Take theirs
            </Button>
          </>
        )}
        {isChanged && theirs === null ? (
          <Button kind="quiet" disabled={isBusy} onClick={() => setKept(opened)}>
            Undo my changes
          </Button>
        ) : null}
      </div>
    </div>
  );
}

function Conflict({ mine, theirs }: { mine: string; theirs: string }) {
  return (
    <div role="alert" className="flex flex-col gap-2">
      <p className="rounded-lg bg-warn-soft px-3 py-2 text-sm">
        The file was changed since you opened it, so nothing was saved. Bring both together above, or choose one.
      </p>
      <InertBox caption="The file as it is now">
        <InertText text={theirs} isCode />
      </InertBox>
      <InertBox caption="What saving yours would change in it">
        <Suspense fallback={<InertText text={mine} isCode />}>
          <ChangedLines before={theirs} after={mine} />
        </Suspense>
      </InertBox>
    </div>
  );
}
