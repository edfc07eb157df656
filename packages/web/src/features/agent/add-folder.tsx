import { useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "../../lib/session.ts";
import { useKept } from "../../lib/use-kept.ts";
import { layThings, readLive } from "../../live/store.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { Failure } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";

const NOTHING = { folder: "", name: "" };

/** Takes up a folder that is there as an agent. */
export function AddFolder() {
  const router = useRouter();
  const [form, setForm, forget] = useKept("agent.folder", NOTHING);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (form.folder.trim() === "" || isBusy) return;
    setBusy(true);
    setError(null);
    const askedAt = readLive().view.lastSeq;
    const name = form.name.trim();
    try {
      const agent = await client.addAgent({ body: { folder: form.folder.trim(), ...(name !== "" && { name }) } });
      layThings("agents", [agent], askedAt);
      forget();
      toast(`${agent.name} is an agent now.`);
      await router.navigate({ to: "/agents/$agentId", params: { agentId: agent.id } });
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void add(event)} className="flex flex-col gap-3">
      <TextField
        label="Path of the folder"
        value={form.folder}
        placeholder="/home/you/work/agents/anna"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        className="font-mono"
        onChange={({ target }) => setForm({ ...form, folder: target.value })}
        hint="On the machine where Bureau runs, from the root on. The folder needs an AGENTS.md (or CLAUDE.md) that says who the agent is and how it works."
      />
      <TextField
        label="Name"
        value={form.name}
        onChange={({ target }) => setForm({ ...form, name: target.value })}
        hint="Empty: the name of the folder."
      />
      {error === null ? null : <Failure error={error} />}
      <Button kind="primary" type="submit" busy={isBusy} disabled={form.folder.trim() === ""} className="self-start">
        Add the folder
      </Button>
    </form>
  );
}
