import type { DocumentBlock } from "@bureau/protocol";
import { RowsTable } from "./rows-table.tsx";

/** A document's text, page by page. It has no headings of the app's own, so that the app's order of headings holds. */
export function DocumentView({ blocks, name }: { blocks: readonly DocumentBlock[]; name: string }) {
  if (blocks.length === 0) return <p className="text-quiet">The document has no text.</p>;
  return (
    <div className="mx-auto flex max-w-prose flex-col gap-3 rounded-lg border border-line bg-raised px-4 py-5 md:px-8">
      {blocks.map((block, index) => (
        <Block key={index} block={block} name={name} />
      ))}
    </div>
  );
}

function Block({ block, name }: { block: DocumentBlock; name: string }) {
  switch (block.type) {
    case "heading":
      return <p className={block.level <= 1 ? "pt-2 text-xl font-semibold" : "pt-1 font-semibold"}>{block.text}</p>;
    case "paragraph":
      return <p className="whitespace-pre-wrap">{block.text}</p>;
    case "list":
      return <ListBlock block={block} />;
    case "table":
      return <RowsTable rows={block.rows} label={name} />;
    case "page_break":
      return (
        <p className="-mx-4 border-t-2 border-dashed border-line px-4 pt-2 text-sm text-quiet md:-mx-8 md:px-8">
          {block.title ?? "Next page"}
        </p>
      );
  }
}

function ListBlock({ block }: { block: Extract<DocumentBlock, { type: "list" }> }) {
  const List = block.ordered ? "ol" : "ul";
  return (
    <List className={`pl-6 ${block.ordered ? "list-decimal" : "list-disc"}`}>
      {block.items.map((item, index) => (
        <li key={index} style={{ marginLeft: `${Math.min(item.depth, 6)}rem` }}>
          {item.text}
        </li>
      ))}
    </List>
  );
}
