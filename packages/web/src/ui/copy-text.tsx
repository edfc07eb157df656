import { useRef, useState } from "react";
import { Button } from "./button.tsx";
import { TextField } from "./field.tsx";

const CAN_SHARE = "share" in navigator;

/** A link or a code to be given to somebody: whole to be read, with a button that copies it. */
export function CopyText({ label, text, hint }: { label: string; text: string; hint?: string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      // Pages without TLS may not write to the clipboard; marked text can be copied by hand.
      field.current?.select();
      setState("failed");
    }
  };
  return (
    <div className="flex flex-col gap-2">
      <TextField
        ref={field}
        label={label}
        hint={hint}
        value={text}
        readOnly
        className="font-mono text-sm"
        onFocus={(event) => event.target.select()}
      />
      <div className="flex flex-wrap items-center gap-2">
        <Button icon={state === "copied" ? "check" : "copy"} onClick={() => void copy()}>
          {state === "copied" ? "Copied" : "Copy"}
        </Button>
        {CAN_SHARE ? (
          <Button icon="send" onClick={() => void navigator.share({ url: text }).catch(() => undefined)}>
            Send
          </Button>
        ) : null}
        <span role="status" className="text-sm text-quiet">
          {state === "failed" ? "It is marked. Copy it with your keyboard or a long press." : ""}
        </span>
      </div>
    </div>
  );
}
