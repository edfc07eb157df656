import { lazy, Suspense } from "react";

const Rendered = lazy(() =>
  import("./markdown-rendered.tsx").then(({ MarkdownRendered }) => ({ default: MarkdownRendered })),
);

/**
 * Text of a model or from outside, as Markdown that cannot do anything.
 *
 * No HTML, no scripts, no images from elsewhere, and links say where they lead. The text itself stands there
 * until the renderer has been loaded.
 */
export function Markdown({ text, isStreaming = false }: { text: string; isStreaming?: boolean }) {
  return (
    <div className="inert-content leading-relaxed">
      <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
        <Rendered text={text} isStreaming={isStreaming} />
      </Suspense>
    </div>
  );
}
