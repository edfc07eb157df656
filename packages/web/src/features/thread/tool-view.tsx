import type { ToolView } from "@bureau/protocol";
import { lazy, type ReactNode, Suspense } from "react";
import { formatBytes, formatDuration } from "../../lib/format.ts";
import { Icon } from "../../ui/icon.tsx";

const Difference = lazy(() => import("./difference.tsx").then(({ Difference: component }) => ({ default: component })));

const MAX_TEXT_CHARACTERS = 20_000;
const MAX_ENTRIES = 300;

/** What a person sees of a tool's result. It is somebody else's content: inert, on a ground of its own. */
export function ToolViewPart({ view }: { view: ToolView }) {
  switch (view.type) {
    case "text":
      return <PlainText text={view.text} />;
    case "file":
      return (
        <Caption title={view.path}>
          {formatBytes(view.bytes)}
          {view.lines === undefined ? "" : `, ${view.lines} ${view.lines === 1 ? "line" : "lines"}`}
        </Caption>
      );
    case "difference":
      return (
        <>
          <Caption title={view.path} />
          <Suspense fallback={<div className="h-24 animate-pulse" role="status" aria-label="Loading" />}>
            <Difference before={view.before} after={view.after} />
          </Suspense>
        </>
      );
    case "command":
      return <CommandView view={view} />;
    case "list":
      return <ListView view={view} />;
    case "page":
      return (
        <Caption title={view.title || view.url}>
          {view.url} answered {view.status}
        </Caption>
      );
    case "plan":
      return <PlanView view={view} />;
  }
}

function CommandView({ view }: { view: Extract<ToolView, { type: "command" }> }) {
  const ended = view.exitCode === null ? "did not end by itself" : `ended with ${view.exitCode}`;
  return (
    <>
      <Caption title={`$ ${view.command}`} isCode>
        {ended}, after {formatDuration(view.durationMs)}
      </Caption>
      {view.output === "" ? null : <PlainText text={view.output} />}
    </>
  );
}

function ListView({ view }: { view: Extract<ToolView, { type: "list" }> }) {
  const shown = view.entries.slice(0, MAX_ENTRIES);
  return (
    <>
      <Caption title={view.title} />
      <ul className="px-3 pb-2 font-mono text-[0.8125rem] leading-5">
        {shown.map((entry, index) => (
          <li key={index} className="whitespace-pre-wrap text-wrap-anywhere">
            {entry}
          </li>
        ))}
      </ul>
      {view.entries.length > shown.length ? (
        <p className="px-3 pb-2 text-sm text-quiet">and {view.entries.length - shown.length} more</p>
      ) : null}
    </>
  );
}

const PLAN_WORDS = { open: "Open", in_progress: "In progress", done: "Done" } as const;
const PLAN_ICONS = { open: "clock", in_progress: "play", done: "check" } as const;

function PlanView({ view }: { view: Extract<ToolView, { type: "plan" }> }) {
  return (
    <ol className="flex flex-col gap-1 p-3 text-sm">
      {view.steps.map((step, index) => (
        <li key={index} className="flex items-start gap-2">
          <Icon name={PLAN_ICONS[step.status]} className="mt-0.5 size-4 shrink-0 text-quiet" />
          <span className={step.status === "done" ? "text-quiet" : ""}>
            <span className="sr-only">{PLAN_WORDS[step.status]}: </span>
            {step.text}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Caption({ title, isCode = false, children }: { title: string; isCode?: boolean; children?: ReactNode }) {
  return (
    <p className="flex flex-wrap items-baseline gap-x-2 px-3 py-2 text-sm">
      <span className={isCode ? "font-mono text-[0.8125rem]" : "font-medium"}>{title}</span>
      {children === undefined ? null : <span className="text-quiet">{children}</span>}
    </p>
  );
}

/** Text as it came, at most so much of it. */
export function PlainText({ text }: { text: string }) {
  const shown = text.slice(0, MAX_TEXT_CHARACTERS);
  return (
    <>
      <pre
        tabIndex={0}
        aria-label="Text"
        className="max-h-96 overflow-auto px-3 py-2 font-mono text-[0.8125rem] leading-5 whitespace-pre-wrap text-wrap-anywhere"
      >
        {shown}
      </pre>
      {shown.length < text.length ? (
        <p className="px-3 pb-2 text-sm text-quiet">
          {formatBytes(text.length - shown.length)} more are not shown here.
        </p>
      ) : null}
    </>
  );
}
