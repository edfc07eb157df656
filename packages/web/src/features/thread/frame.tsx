import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Icon } from "../../ui/icon.tsx";

interface FrameProps {
  title: string;
  backTo: string;
  /** One line under the title. */
  line: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen as high as the window: a header, and below it what scrolls by itself. */
export function Frame({ title, backTo, line, actions, children }: FrameProps) {
  const box = useRef<HTMLDivElement>(null);
  const top = useTop(box);
  useEffect(() => {
    document.title = `${title} · Bureau`;
  }, [title]);
  return (
    <div
      ref={box}
      className="-mb-20 flex h-[calc(100dvh-var(--top)-3.5rem-env(safe-area-inset-bottom))] flex-col overflow-hidden md:mb-0 md:h-[calc(100dvh-var(--top))]"
      style={{ "--top": `${top}px` } as React.CSSProperties}
    >
      <header className="mx-auto flex w-full max-w-3xl shrink-0 items-start gap-x-2 px-4 pt-2 pb-1 md:px-8 md:pt-4">
        <Link
          to={backTo}
          aria-label="Back"
          className="-ml-2 inline-flex size-11 shrink-0 items-center justify-center rounded-lg text-quiet hover:bg-sunken hover:text-ink md:size-9"
        >
          <Icon name="back" />
        </Link>
        <div className="min-w-0 flex-1 py-1.5 md:py-0.5">
          <h1 className="line-clamp-2 text-lg leading-snug font-semibold tracking-tight text-wrap-anywhere">{title}</h1>
          <p className="flex min-h-5 flex-wrap items-center gap-x-2 text-sm text-quiet">{line}</p>
        </div>
        {actions}
      </header>
      {children}
    </div>
  );
}

/** How much stands above: notices of the shell come and go. */
function useTop(box: React.RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () =>
      setTop(Math.max(0, Math.round((box.current?.getBoundingClientRect().top ?? 0) + window.scrollY)));
    measure();
    const observer = new MutationObserver(measure);
    const shell = document.getElementById("main")?.parentElement;
    if (shell) observer.observe(shell, { childList: true });
    window.addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, [box]);
  return top;
}
