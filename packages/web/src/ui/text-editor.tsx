import { lazy, Suspense } from "react";

const Rendered = lazy(() =>
  import("./text-editor-rendered.tsx").then(({ TextEditorRendered }) => ({ default: TextEditorRendered })),
);

interface TextEditorProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A field for a whole Markdown file. The editor is loaded when it is first needed; its place is kept until then. */
export function TextEditor(props: TextEditorProps) {
  return (
    <div className="min-h-64 overflow-hidden rounded-lg border border-strong-line bg-raised focus-within:outline-2 focus-within:outline-accent">
      <Suspense fallback={<p className="p-3 text-quiet">Loading the editor.</p>}>
        <Rendered {...props} />
      </Suspense>
    </div>
  );
}
