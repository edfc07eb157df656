import type { ReactNode } from "react";

interface AloneProps {
  title: string;
  sentence?: ReactNode;
  children: ReactNode;
}

/** The frame of a screen without navigation: one thing to do, in the middle. */
export function Alone({ title, sentence, children }: AloneProps) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center gap-6 p-6">
      <title>{`${title} · Bureau`}</title>
      <div>
        <img src="/icon.svg" alt="" className="mb-4 size-12" />
        <h1 className="text-2xl font-semibold tracking-tight text-wrap-anywhere">{title}</h1>
        {sentence === undefined ? null : <p className="mt-1 text-quiet text-wrap-anywhere">{sentence}</p>}
      </div>
      {children}
    </main>
  );
}
