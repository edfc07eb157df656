import { Button } from "../../ui/button.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";

/** What mends something, and a button that takes it along. */
export function CopyCommand({ text }: { text: string }) {
  // Commands stand in backticks, or are the whole hint.
  const command = /`([^`]+)`/.exec(text)?.[1] ?? text;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      toast("Copied.");
    } catch {
      toastFailure(new Error("The browser does not let Bureau copy. Select the text and copy it."));
    }
  };
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 rounded-lg bg-sunken px-3 py-1.5">
      <span className="min-w-0 flex-1 basis-48 font-mono text-sm text-wrap-anywhere">{text}</span>
      <Button kind="quiet" icon="copy" onClick={() => void copy()} aria-label={`Copy: ${command}`}>
        Copy
      </Button>
    </div>
  );
}
