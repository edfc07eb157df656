import { lazy, Suspense } from "react";
import { Facts, InertBox, InertText } from "../ui/inert-box.tsx";
import type { ActionPreview, FileChange, NamedValue } from "./action-preview.ts";
import { visibleText } from "./visible-text.ts";

const ChangedLines = lazy(() =>
  import("../ui/changed-lines.tsx").then(({ ChangedLines: component }) => ({ default: component })),
);

interface ActionViewProps {
  preview: ActionPreview;
  /** Whom it goes to and what it opens, as policy sees it; shown where the preview itself does not. */
  targets: readonly string[];
  /** The folder in which a command runs. */
  folder?: string | undefined;
  /** Nothing is folded. */
  isWhole?: boolean;
}

/** Exactly what a call would do, or did, in the form of the thing itself. Content is inert; nothing is left out. */
export function ActionView({ preview, targets, folder, isWhole = false }: ActionViewProps) {
  return (
    <InertBox caption={CAPTIONS[preview.type]}>
      <div className="flex flex-col gap-2">
        <Thing preview={preview} targets={targets} folder={folder} isWhole={isWhole} />
        <Rest rest={preview.rest} isWhole={isWhole} isAll={preview.type === "other"} />
      </div>
    </InertBox>
  );
}

const CAPTIONS: Record<ActionPreview["type"], string> = {
  mail: "The mail, exactly",
  message: "The message, exactly",
  event: "The event, exactly",
  file: "The file, exactly",
  command: "The command, exactly",
  page: "The page",
  other: "What it would be called with, exactly",
};

function Thing({ preview, targets, folder, isWhole }: ActionViewProps & { isWhole: boolean }) {
  switch (preview.type) {
    case "mail":
      return (
        <>
          <Facts
            facts={[
              ...people("From", preview.from),
              ...people("To", preview.to),
              ...people("Cc", preview.cc),
              ...people("Bcc", preview.bcc),
              { name: "Subject", value: visibleText(preview.subject) || "(none)" },
              ...people("Attached", preview.attachments),
            ]}
          />
          <Body text={preview.body} isWhole={isWhole} />
        </>
      );
    case "message":
      return (
        <>
          <Facts facts={people("In", preview.where)} />
          <Body text={preview.text} isWhole={isWhole} />
        </>
      );
    case "event":
      return (
        <Facts
          facts={[
            { name: "What", value: visibleText(preview.title) },
            ...people("When", preview.when),
            ...people("Who", preview.who),
            ...people("Where", preview.where),
          ]}
        />
      );
    case "file":
      return (
        <>
          <Facts facts={[{ name: "File", value: <Mono text={preview.path} /> }]} />
          {preview.changes.map((change, index) => (
            <Change key={index} change={change} isWhole={isWhole} />
          ))}
        </>
      );
    case "command":
      return (
        <>
          <InertText text={preview.command} isCode isWhole={isWhole} />
          <Facts
            facts={[
              ...(folder === undefined ? [] : [{ name: "Folder", value: <Mono text={folder} /> }]),
              { name: "Network", value: targets.length === 0 ? "none" : targets.map(visibleText).join(", ") },
            ]}
          />
        </>
      );
    case "page":
      return <Mono text={preview.url} />;
    case "other":
      return <Facts facts={people("For", targets)} />;
  }
}

/** Each on a line of its own: who receives something is never folded away. */
function people(name: string, all: readonly string[]) {
  if (all.length === 0) return [];
  return [
    {
      name,
      value: (
        <ul>
          {all.map((one, index) => (
            <li key={index}>{visibleText(one)}</li>
          ))}
        </ul>
      ),
    },
  ];
}

function Body({ text, isWhole }: { text: string; isWhole: boolean }) {
  return (
    <div className="border-t border-line pt-2">
      {text === "" ? <span className="text-quiet">(no text)</span> : <InertText text={text} isWhole={isWhole} />}
    </div>
  );
}

function Change({ change, isWhole }: { change: FileChange; isWhole: boolean }) {
  const { before, after } = change;
  return (
    <div className="border-t border-line pt-2">
      {before === null ? (
        <>
          <p className="mb-1 text-xs text-quiet">It will hold this, whatever stands there now:</p>
          <InertText text={after} isCode isWhole={isWhole} />
        </>
      ) : (
        <Suspense fallback={<InertText text={after} isCode />}>
          <ChangedLines before={before} after={after} />
        </Suspense>
      )}
    </div>
  );
}

function Rest({ rest, isWhole, isAll }: { rest: readonly NamedValue[]; isWhole: boolean; isAll: boolean }) {
  if (rest.length === 0) return isAll ? <p className="text-sm text-quiet">It takes nothing else.</p> : null;
  const facts = rest.map(({ name, text }) => ({
    name: visibleText(name),
    value: <InertText text={text} isWhole={isWhole} />,
  }));
  return (
    <div className={isAll ? "" : "border-t border-line pt-2"}>
      <Facts facts={facts} />
    </div>
  );
}

function Mono({ text }: { text: string }) {
  return <span className="font-mono text-sm text-wrap-anywhere">{visibleText(text)}</span>;
}
