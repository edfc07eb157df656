import { keepShared } from "../src/lib/shared-content.ts";

/** What the share sheet hands over is kept on this device; the page shows it, and a person says what to do with it. */
export function handleShare(event: FetchEvent): void {
  event.respondWith(takeShare(event.request));
}

async function takeShare(request: Request): Promise<Response> {
  try {
    const id = await keepShared(await request.formData());
    return Response.redirect(`/share?id=${encodeURIComponent(id)}`, 303);
  } catch {
    return Response.redirect("/share?failed=yes", 303);
  }
}
