import type { ArtifactComment } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { formatAgo } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useKept } from "../../lib/use-kept.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import { Section } from "../../ui/page.tsx";
import { messageOf } from "../../ui/states.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";

const MAX_QUOTE = 4_000;

interface CommentsSectionProps {
  artifactId: string;
  version: number;
  comments: readonly ArtifactComment[];
  onChanged: () => void;
}

/** What people said of it, and a place to say more; the agent reads it. */
export function CommentsSection({ artifactId, version, comments, onChanged }: CommentsSectionProps) {
  return (
    <Section title="Comments">
      {comments.length === 0 ? (
        <p className="mb-3 text-quiet">None yet. What you say here goes to the agent, which can make a new version.</p>
      ) : (
        <ul className="mb-4 flex flex-col gap-2">
          {comments.map((comment) => (
            <Comment key={comment.id} comment={comment} onChanged={onChanged} />
          ))}
        </ul>
      )}
      <NewComment artifactId={artifactId} version={version} onChanged={onChanged} />
    </Section>
  );
}

function Comment({ comment, onChanged }: { comment: ArtifactComment; onChanged: () => void }) {
  const now = useNow();
  const [isBusy, setBusy] = useState(false);
  const isOpen = comment.status === "open";
  const toggle = async () => {
    setBusy(true);
    const input = { params: { artifact: comment.artifactId, commentId: comment.id } };
    try {
      await (isOpen ? client.resolveComment(input) : client.reopenComment(input));
      onChanged();
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const lines = comment.place?.lines;
  return (
    <li className="rounded-xl border border-line bg-raised px-4 py-3">
      {comment.place?.quote === undefined ? null : (
        <blockquote className="mb-1 line-clamp-4 border-l-2 border-strong-line pl-3 text-sm text-quiet text-wrap-anywhere">
          {comment.place.quote}
        </blockquote>
      )}
      <p className="whitespace-pre-wrap text-wrap-anywhere">{comment.text}</p>
      <div className="mt-1 flex flex-wrap items-center justify-between gap-2">
        <p className="text-xs text-quiet">
          {comment.by}, {formatAgo(comment.createdAt, now)}, on version {comment.version}
          {lines === undefined ? "" : `, lines ${lines.from} to ${lines.to}`} · {isOpen ? "open" : "resolved"}
        </p>
        <Button kind="quiet" icon={isOpen ? "check" : "undo"} busy={isBusy} onClick={() => void toggle()}>
          {isOpen ? "Resolve" : "Open again"}
        </Button>
      </div>
    </li>
  );
}

type NewCommentProps = Omit<CommentsSectionProps, "comments">;

function NewComment({ artifactId, version, onChanged }: NewCommentProps) {
  const [draft, setDraft, forget] = useKept(`artifact.comment.${artifactId}`, { text: "", quote: "" });
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [runId, setRunId] = useState<string | null>(null);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (draft.text.trim() === "" || isBusy) return;
    setBusy(true);
    setProblem(null);
    try {
      const { run } = await client.commentArtifact({
        params: { artifact: artifactId },
        body: { text: draft.text.trim(), version, ...(draft.quote !== "" && { place: { quote: draft.quote } }) },
      });
      setRunId(run.id);
      forget();
      onChanged();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const quote = () => {
    const selected = window.getSelection()?.toString().trim().slice(0, MAX_QUOTE) ?? "";
    if (selected === "") toast("Select words in the preview first.");
    else setDraft({ ...draft, quote: selected });
  };
  return (
    <form onSubmit={(event) => void send(event)} className="flex flex-col gap-2">
      {draft.quote === "" ? null : (
        <div className="flex items-start gap-2 rounded-lg bg-sunken px-3 py-2 text-sm">
          <p className="line-clamp-4 min-w-0 flex-1 text-wrap-anywhere">About: “{draft.quote}”</p>
          <Button kind="quiet" onClick={() => setDraft({ ...draft, quote: "" })}>
            Without it
          </Button>
        </div>
      )}
      <TextArea
        label={`Say something of version ${version}`}
        value={draft.text}
        maxLength={20_000}
        problem={problem}
        onChange={({ target }) => setDraft({ ...draft, text: target.value })}
      />
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" kind="primary" icon="send" busy={isBusy} disabled={draft.text.trim() === ""}>
          Send to the agent
        </Button>
        {/* A press must not take the selection away. */}
        <Button onPointerDown={(event) => event.preventDefault()} onClick={quote}>
          Quote the selection
        </Button>
        <p role="status" className="text-sm text-quiet">
          {runId === null ? null : (
            <Link to="/runs/$runId" params={{ runId }} className="text-accent underline">
              Sent. See the run that reads it
            </Link>
          )}
        </p>
      </div>
    </form>
  );
}
