import { Button, IconButton } from "../../ui/button.tsx";
import { dropQueued, sendAgain, useQueued } from "./send-queued.ts";

/** Messages of this thread that wait on this device for the run to end. */
export function QueuedList({ threadId }: { threadId: string }) {
  const queued = useQueued().filter((message) => message.threadId === threadId);
  if (queued.length === 0) return null;
  return (
    <ul aria-label="Queued messages" className="mx-auto w-full max-w-3xl shrink-0 px-4 md:px-8">
      {queued.map(({ id, text, isSending }) => (
        <li
          key={id}
          className="mb-2 flex items-start gap-2 rounded-xl border border-dashed border-strong-line py-1 pr-1 pl-4"
        >
          <span className="min-w-0 flex-1 py-2">
            <span className="line-clamp-3 text-sm text-wrap-anywhere">{text}</span>
            <span className="block text-xs text-quiet">
              {isSending
                ? "Its sending broke off. Look above whether it arrived."
                : "Queued on this device; sent when the run is over and Bureau is open here."}
            </span>
          </span>
          {isSending ? <Button onClick={() => sendAgain(id)}>Send again</Button> : null}
          <IconButton icon="close" label="Remove the queued message" onClick={() => dropQueued(id)} />
        </li>
      ))}
    </ul>
  );
}
