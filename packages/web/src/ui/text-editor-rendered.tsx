import { markdown } from "@codemirror/lang-markdown";
import CodeMirror, { EditorView } from "@uiw/react-codemirror";
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";

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

/**
 * Heavy: import lazily. Tab leaves the field, as in every other one.
 *
 * It stands in a shadow root: only there does the editor make its styles without a `style` element, which the page's
 * policy refuses.
 */
export function TextEditorRendered({ label, value, onChange }: TextEditorRenderedProps) {
  const host = useRef<HTMLDivElement>(null);
  const [root, setRoot] = useState<ShadowRoot | null>(null);
  useLayoutEffect(() => {
    if (host.current !== null) setRoot(host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" }));
  }, []);
  const extensions = useMemo(
    () => [markdown(), EditorView.lineWrapping, EditorView.contentAttributes.of({ "aria-label": label }), LOOK],
    [label],
  );
  return (
    <div ref={host} onKeyDown={keepKeys}>
      {root === null
        ? null
        : createPortal(
            <CodeMirror
              root={root}
              value={value}
              theme="none"
              indentWithTab={false}
              basicSetup={{ lineNumbers: false, foldGutter: false, highlightActiveLine: false, autocompletion: false }}
              extensions={extensions}
              onChange={onChange}
            />,
            root,
          )}
    </div>
  );
}

/** From outside of a shadow root nobody sees that a field has the focus: what is typed must not act as a key of the app. */
function keepKeys(event: KeyboardEvent): void {
  if (event.key !== "Escape") event.stopPropagation();
}
