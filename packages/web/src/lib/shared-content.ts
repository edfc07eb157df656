// Used by the service worker and by the page: what was shared waits on this device until a person says where it goes.

const PREFIX = "bureau.shared.";
const MAX_KEPT = 5;
const MAX_FILES = 10;
const META = "/meta";

export interface SharedContent {
  text: string;
  files: File[];
}

interface Meta {
  text: string;
  files: { name: string; type: string }[];
}

/** Keeps what the share sheet handed over, the latest five. Tells the id by which it is read. */
export async function keepShared(form: FormData): Promise<string> {
  const id = crypto.randomUUID();
  const files = form
    .getAll("files")
    .filter((one) => one instanceof File)
    .slice(0, MAX_FILES);
  const parts = ["title", "text", "url"].map((name) => form.get(name));
  const meta: Meta = { text: sharedText(parts), files: files.map(({ name, type }) => ({ name, type })) };
  const cache = await caches.open(PREFIX + id);
  await Promise.all(files.map((file, index) => cache.put(`/${index}`, new Response(file))));
  await cache.put(META, Response.json(meta));
  const all = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  await Promise.all(all.slice(0, -MAX_KEPT).map((name) => caches.delete(name)));
  return id;
}

/** Null where nothing is kept by that id any more. */
export async function readShared(id: string): Promise<SharedContent | null> {
  if (!("caches" in globalThis) || !(await caches.has(PREFIX + id))) return null;
  const cache = await caches.open(PREFIX + id);
  const found = await cache.match(META);
  if (found === undefined) return null;
  const meta = (await found.json()) as Meta;
  const files = await Promise.all(
    meta.files.map(async ({ name, type }, index) => {
      const blob = await (await cache.match(`/${index}`))?.blob();
      return blob === undefined ? null : new File([blob], name, { type });
    }),
  );
  return { text: meta.text, files: files.filter((file) => file !== null) };
}

export async function dropShared(id: string): Promise<void> {
  if ("caches" in globalThis) await caches.delete(PREFIX + id);
}

/** Title, text and address under each other, each said once: many apps put the address into the text too. */
export function sharedText(parts: readonly unknown[]): string {
  const texts = parts.filter((part) => typeof part === "string").map((part) => part.trim());
  return texts
    .filter(
      (text, index) =>
        text !== "" && !texts.some((other, at) => other.includes(text) && (other !== text || at < index)),
    )
    .join("\n");
}
