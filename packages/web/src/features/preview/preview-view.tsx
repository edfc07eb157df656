import type { Preview, TableSheet } from "@bureau/protocol";
import { lazy, Suspense, useState } from "react";
import { visibleText } from "../../lib/visible-text.ts";
import { formatBytes } from "../../lib/format.ts";
import { Choice } from "../../ui/choice.tsx";
import { InertBox } from "../../ui/inert-box.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { DocumentView } from "./document-view.tsx";
import { PictureView } from "./picture-view.tsx";
import { RowsTable } from "./rows-table.tsx";

const PdfView = lazy(() => import("./pdf-view.tsx").then(({ PdfView: component }) => ({ default: component })));

interface PreviewViewProps {
  preview: Preview;
  /** Where its bytes are, on this server. */
  contentUrl: string;
}

/** A file to look at. Whatever it holds, it can do nothing. */
export function PreviewView({ preview, contentUrl }: PreviewViewProps) {
  return (
    <>
      <InertBox caption={`${preview.name} · ${formatBytes(preview.bytes)}`}>
        <Content preview={preview} contentUrl={contentUrl} />
      </InertBox>
      {preview.truncated ? (
        <p className="mt-2 text-sm text-quiet">There is more than is shown here. Download it to see the whole.</p>
      ) : null}
    </>
  );
}

function Content({ preview, contentUrl }: PreviewViewProps) {
  switch (preview.kind) {
    case "markdown":
      return <Markdown text={preview.text} />;
    case "text":
      return (
        // Long lines scroll; who has no mouse reaches them with the arrow keys.
        <pre
          tabIndex={0}
          className="max-h-[70dvh] overflow-auto font-mono text-sm"
          aria-label={`Text of ${preview.name}`}
        >
          {visibleText(preview.text)}
        </pre>
      );
    case "table":
      return <Sheets sheets={preview.sheets} name={preview.name} />;
    case "image":
      return <PictureView name={preview.name} url={contentUrl} width={preview.width} height={preview.height} />;
    case "pdf":
      return (
        <Suspense fallback={<p className="min-h-96 text-quiet">Loading the pages.</p>}>
          <PdfView name={preview.name} url={contentUrl} />
        </Suspense>
      );
    case "document":
      return <DocumentView blocks={preview.blocks} name={preview.name} />;
    case "other":
      return (
        <p className="py-4 text-quiet">
          {preview.problem ?? "A file of this kind cannot be shown here."} It can be downloaded.
        </p>
      );
  }
}

function Sheets({ sheets, name }: { sheets: readonly TableSheet[]; name: string }) {
  const [at, setAt] = useState(0);
  const sheet = sheets[at];
  if (sheet === undefined) return <p className="text-quiet">It has no rows.</p>;
  return (
    <div className="flex flex-col gap-2">
      {sheets.length > 1 ? (
        <div className="overflow-x-auto">
          <Choice
            label="Sheet"
            options={sheets.map((one, value) => ({ value, label: one.name || `Sheet ${value + 1}` }))}
            value={at}
            onChange={setAt}
          />
        </div>
      ) : null}
      <RowsTable key={at} rows={sheet.rows} label={sheet.name || name} />
      {sheet.truncated ? <p className="text-sm text-quiet">The sheet has more rows than are shown here.</p> : null}
    </div>
  );
}
