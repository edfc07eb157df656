import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "../../lib/session.ts";
import { queries } from "../../live/load.ts";
import { layThings, readLive } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Select, TextArea } from "../../ui/field.tsx";
import { messageOf } from "../../ui/states.tsx";
import { useStoredText } from "./use-stored-text.ts";

/** Says something to an agent, in a thread of its own. */
export function NewConversation({ onClose }: { onClose: () => void }) {
  useQuery(queries.agents);
  const known = useView((view) => view.agents);
  const agents = Object.values(known).toSorted((one, other) => one.name.localeCompare(other.name));
  const [agentId, setAgentId] = useState("");
  const [text, setText] = useStoredText("new-conversation");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const navigate = useNavigate();
  const agent = agents.find(({ id }) => id === agentId) ?? agents[0];
  const begin = async (event: FormEvent) => {
    event.preventDefault();
    if (agent === undefined || text.trim() === "" || isBusy) return;
    setBusy(true);
    setProblem(null);
    try {
      const askedAt = readLive().view.lastSeq;
      const run = await client.startRun({ body: { agent: agent.id, text: text.trim() } });
      layThings("runs", [run], askedAt);
      setText("");
      await navigate({ to: "/threads/$threadId", params: { threadId: run.threadId } });
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog open onClose={onClose} title="New conversation" description="What should the agent do, or tell you?">
      <form onSubmit={(event) => void begin(event)} className="flex flex-col gap-4">
        <Select label="Agent" value={agent?.id ?? ""} onChange={(event) => setAgentId(event.target.value)}>
          {agents.map(({ id, name, status }) => (
            <option key={id} value={id}>
              {name}
              {status === "paused" ? " (paused)" : ""}
            </option>
          ))}
        </Select>
        <TextArea
          label="Message"
          rows={4}
          autoFocus
          value={text}
          problem={problem}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) void begin(event);
          }}
        />
        <Button
          kind="primary"
          type="submit"
          icon="send"
          busy={isBusy}
          disabled={text.trim() === "" || agent === undefined}
        >
          Begin
        </Button>
      </form>
    </Dialog>
  );
}
