import { z } from "zod";

/** How a file can be looked at. `other` cannot: it can only be downloaded. */
export const PREVIEW_KINDS = ["markdown", "text", "table", "image", "pdf", "document", "other"] as const;
export type PreviewKind = (typeof PREVIEW_KINDS)[number];

export const DOCUMENT_FORMATS = ["docx", "odt", "pptx", "odp", "rtf"] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

/** A piece of a document. `page_break` begins a page or a slide; its title is the slide's number or the page's name. */
export const DocumentBlock = z.discriminatedUnion("type", [
  z.object({ type: z.literal("heading"), level: z.number().int(), text: z.string() }),
  z.object({ type: z.literal("paragraph"), text: z.string() }),
  z.object({
    type: z.literal("list"),
    ordered: z.boolean(),
    items: z.array(z.object({ depth: z.number().int(), text: z.string() })),
  }),
  z.object({ type: z.literal("table"), rows: z.array(z.array(z.string())) }),
  z.object({ type: z.literal("page_break"), title: z.string().nullable() }),
]);
export type DocumentBlock = z.infer<typeof DocumentBlock>;

export const TableSheet = z.object({
  name: z.string(),
  /** Cells as text; rows may differ in length. */
  rows: z.array(z.array(z.string())),
  /** True when there is more than is here. */
  truncated: z.boolean(),
});
export type TableSheet = z.infer<typeof TableSheet>;

const file = {
  name: z.string(),
  bytes: z.number().int(),
  /** SHA-256 of the whole file; empty for one that is too large to be read. */
  hash: z.string(),
  /** By what its bytes are, never by its name alone. */
  mediaType: z.string(),
  /** True when there is more than is here. */
  truncated: z.boolean(),
};

/**
 * A file to look at, as data: text to be shown as text, never markup to be put into a page. Pictures and PDF are shown
 * from the bytes of the content endpoint beside this one.
 */
export const Preview = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("markdown"), ...file, text: z.string() }),
  z.object({
    kind: z.literal("text"),
    ...file,
    text: z.string(),
    /** A name for highlighting, such as `json`; null for plain text. */
    language: z.string().nullable(),
  }),
  z.object({ kind: z.literal("table"), ...file, sheets: z.array(TableSheet) }),
  z.object({ kind: z.literal("image"), ...file, width: z.number().int(), height: z.number().int() }),
  z.object({ kind: z.literal("pdf"), ...file }),
  z.object({
    kind: z.literal("document"),
    ...file,
    format: z.enum(DOCUMENT_FORMATS),
    blocks: z.array(DocumentBlock),
  }),
  z.object({
    kind: z.literal("other"),
    ...file,
    /** Why a file that could have been shown is not; null for one of an unknown kind. */
    problem: z.string().nullable(),
  }),
]);
export type Preview = z.infer<typeof Preview>;
