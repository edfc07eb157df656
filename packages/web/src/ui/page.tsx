import { clsx } from "clsx";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { Icon } from "./icon.tsx";

interface PageProps {
  title: string;
  /** What stands at the right of the title. */
  actions?: ReactNode;
  /** Where the arrow at the left of the title leads. */
  backTo?: string;
  /** One plain sentence under the title. */
  sentence?: ReactNode;
  /** `wide` for timelines and tables. */
  width?: "reading" | "wide";
  children: ReactNode;
}

/** The frame of every screen: its title, what can be done here, and the content at a width that reads well. */
export function Page({ title, actions, backTo, sentence, width = "reading", children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Bureau`;
  }, [title]);
  return (
    <div className={clsx("mx-auto w-full px-4 pb-10 md:px-8", width === "wide" ? "max-w-6xl" : "max-w-3xl")}>
      <header className="sticky top-0 z-10 -mx-4 flex min-h-14 flex-wrap items-center gap-x-2 bg-paper/95 px-4 py-2 backdrop-blur md:-mx-8 md:min-h-16 md:px-8 md:pt-4">
        {backTo === undefined ? null : (
          <Link
            to={backTo}
            aria-label="Back"
            className="-ml-2 inline-flex size-11 items-center justify-center rounded-lg text-quiet hover:bg-sunken hover:text-ink md:size-9"
          >
            <Icon name="back" />
          </Link>
        )}
        <h1 className="min-w-0 flex-1 text-xl font-semibold tracking-tight text-wrap-anywhere">{title}</h1>
        {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {sentence === undefined ? null : <p className="mb-4 text-quiet text-wrap-anywhere">{sentence}</p>}
      {children}
    </div>
  );
}

export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="mt-8 first:mt-2">
      <div className="mb-2 flex min-h-9 items-center justify-between gap-2">
        <h2 className="text-sm font-semibold text-quiet">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

export function Card({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={clsx("rounded-xl border border-line bg-raised p-4", className)}>{children}</div>;
}
