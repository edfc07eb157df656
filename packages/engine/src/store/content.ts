import type { BlobReference, ItemContent } from "@bureau/protocol";

/** Content larger than this is kept as a blob; the row has its beginning and the blob's hash. */
export const INLINE_LIMIT_BYTES = 48_000;
const HEAD_LENGTH = 2_000;

/** What content needs of the blob store. */
export interface ContentBlobs {
  put(bytes: string): Promise<string>;
  get(hash: string): Promise<Uint8Array>;
}

/** Moves large content into a blob, which is on disk before this resolves, and returns what the row holds. */
export async function packContent(blobs: ContentBlobs, content: ItemContent): Promise<ItemContent> {
  if (!mayBeLarge(content)) return content;
  const whole = JSON.stringify(content);
  const bytes = Buffer.byteLength(whole);
  if (bytes <= INLINE_LIMIT_BYTES) return content;
  const blob: BlobReference = { hash: await blobs.put(whole), bytes };
  switch (content.type) {
    case "tool_call": {
      const { provider: _provider, ...rest } = content;
      return { ...rest, arguments: {}, blob };
    }
    case "tool_result": {
      const { view: _view, ...rest } = content;
      return { ...rest, text: content.text.slice(0, HEAD_LENGTH), blob };
    }
    case "message":
    case "reasoning": {
      const { provider: _provider, ...rest } = content;
      return { ...rest, text: content.text.slice(0, HEAD_LENGTH), blob };
    }
    default:
      return content;
  }
}

/** The whole content again. */
export async function unpackContent(blobs: ContentBlobs, content: ItemContent): Promise<ItemContent> {
  if (!("blob" in content) || !content.blob) return content;
  const bytes = await blobs.get(content.blob.hash);
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as ItemContent;
}

/** A cheap bound, so that small content is not serialised twice. */
function mayBeLarge(content: ItemContent): boolean {
  if (content.type === "tool_call") return true;
  return (
    "text" in content && (content.text.length * 3 > INLINE_LIMIT_BYTES || "view" in content || "provider" in content)
  );
}
