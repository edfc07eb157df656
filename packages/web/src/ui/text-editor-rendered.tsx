import { markdown } from "@codemirror/lang-markdown";
import CodeMirror, { EditorView } from "@uiw/react-codemirror";
import { useMemo } from "react";

interface TextEditorRenderedProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

const LOOK = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--ink)", fontSize: "16px", maxHeight: "60dvh" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", minHeight: "16rem", padding: "0.75rem" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
});

/** Heavy: import lazily. Tab leaves the field, as in every other one. */
export function TextEditorRendered({ label, value, onChange }: TextEditorRenderedProps) {
  const extensions = useMemo(
    () => [markdown(), EditorView.lineWrapping, EditorView.contentAttributes.of({ "aria-label": label }), LOOK],
    [label],
  );
  return (
    <CodeMirror
      value={value}
      theme="none"
      indentWithTab={false}
      basicSetup={{ lineNumbers: false, foldGutter: false, highlightActiveLine: false, autocompletion: false }}
      extensions={extensions}
      onChange={onChange}
    />
  );
}
