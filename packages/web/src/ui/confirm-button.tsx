import { type ReactNode, useState } from "react";
import { useBusy } from "../lib/use-busy.ts";
import { Button, type ButtonKind } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

interface ConfirmButtonProps {
  /** What the button says; `about` makes it another for who hears it. */
  label: string;
  about: string;
  /** The question, what follows from a yes, and what yes is called. */
  title: string;
  children: ReactNode;
  yes: string;
  kind?: ButtonKind;
  onConfirm: () => Promise<unknown>;
}

/** A button for what can't be taken back: it asks first, and says what failed. */
export function ConfirmButton({ label, about, title, children, yes, kind = "quiet", onConfirm }: ConfirmButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const { isBusy, problem, run } = useBusy();
  const confirm = async () => {
    if (await run(onConfirm)) setOpen(false);
  };
  return (
    <>
      <Button kind={kind} aria-label={`${label}: ${about}`} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={title}>
        <div className="text-wrap-anywhere">{children}</div>
        {problem === null ? null : (
          <p role="alert" className="mt-3 text-sm text-bad">
            {problem}
          </p>
        )}
        <div className="mt-4 flex flex-col-reverse gap-2 md:flex-row md:justify-end">
          <Button onClick={() => setOpen(false)}>Keep it</Button>
          <Button kind="danger" busy={isBusy} onClick={() => void confirm()}>
            {yes}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
