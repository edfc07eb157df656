import { type ContextFile } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { client } from "../../lib/session.ts";
import { queries } from "../../live/load.ts";
import { isWhole } from "../../live/merge-things.ts";
import { useView } from "../../live/use-live.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { type EditPlace, editPlace } from "./edit-place.ts";
import { EditForm } from "./edit-form.tsx";

interface FileEditorProps {
  path: string;
  onSaved: () => void;
}

/** The button that opens a context file to be edited; nothing where it can only be edited on the machine. */
export function FileEditor({ path, onSaved }: FileEditorProps) {
  const { data: status } = useQuery(queries.status);
  const agents = useView((view) => view.agents);
  const [isOpen, setOpen] = useState(false);
  const place = useMemo(
    () => (status === undefined ? null : editPlace(path, status.workspace, Object.values(agents).filter(isWhole))),
    [status, agents, path],
  );
  if (place === null) return null;
  return (
    <>
      <Button icon="edit" onClick={() => setOpen(true)} aria-label={`Edit ${path}`}>
        Edit
      </Button>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={path}>
        <OpenFile
          place={place}
          onDone={() => {
            setOpen(false);
            onSaved();
          }}
        />
      </Dialog>
    </>
  );
}

function OpenFile({ place, onDone }: { place: EditPlace; onDone: () => void }) {
  const { data, error, refetch } = useQuery<ContextFile>({
    queryKey: ["agents", place.agentId, "context-file", place.path],
    queryFn: () => client.getContextFile({ params: { agent: place.agentId }, query: { path: place.path } }),
    gcTime: 0,
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={3} label="Opening the file" />;
  return <EditForm place={place} opened={data} onDone={onDone} />;
}
