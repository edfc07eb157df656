import type { ComponentProps } from "react";
import { type Components, defaultRehypePlugins, Streamdown } from "streamdown";

const ALLOWED_PROTOCOLS = ["http:", "https:", "mailto:"];

/** Without `rehype-raw` HTML in the text is not HTML. Sanitising stays, as a second wall. */
const { sanitize } = defaultRehypePlugins;
const PLUGINS = sanitize === undefined ? [] : [sanitize];

export function MarkdownRendered({ text, isStreaming }: { text: string; isStreaming: boolean }) {
  return (
    <Streamdown
      mode={isStreaming ? "streaming" : "static"}
      parseIncompleteMarkdown={isStreaming}
      rehypePlugins={PLUGINS}
      controls={false}
      components={COMPONENTS}
    >
      {text}
    </Streamdown>
  );
}

/** A link opens beside the app, tells the other site nothing, and shows where it leads. */
function SafeLink({ href, children }: ComponentProps<"a">) {
  const url = href === undefined ? null : URL.parse(href);
  if (url === null || !ALLOWED_PROTOCOLS.includes(url.protocol)) return <span>{children}</span>;
  return (
    <a
      href={url.href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={url.href}
      className="text-accent underline"
    >
      {children}
      {url.protocol === "mailto:" ? null : <span className="text-xs text-quiet"> ({url.host})</span>}
    </a>
  );
}

/** Pictures from elsewhere are never loaded: loading one would tell its owner that this was read. */
function NamedImage({ alt }: ComponentProps<"img">) {
  return <span className="rounded bg-sunken px-1 text-sm text-quiet">[picture: {alt || "without a name"}]</span>;
}

/** Its type knows no single elements. */
const COMPONENTS = { a: SafeLink, img: NamedImage } as Components;
