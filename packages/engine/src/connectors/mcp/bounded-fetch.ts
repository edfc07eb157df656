import { AppError } from "@bureau/protocol";

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/**
 * `fetch` with a bound on what a server may answer: on the whole body, and for a stream of events on each of them.
 *
 * Redirects are the transport's own business, which follows them only within the origin. Private addresses are not
 * refused here: the address stands in a file that only a person writes.
 */
export async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.body === null || !response.ok) return response;
  const isStream = response.headers.get("content-type")?.includes("text/event-stream") === true;
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(bound(isStream)), { status, statusText, headers });
}

function bound(isStream: boolean): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  let previous = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      if (isStream) {
        // An empty line ends an event.
        for (const byte of chunk) {
          if (byte === NEWLINE && previous === NEWLINE) bytes = 0;
          if (byte !== RETURN) previous = byte;
          bytes += 1;
        }
      } else bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES)
        return controller.error(new AppError("too_large", "The server's answer is larger than 10 MB."));
      controller.enqueue(chunk);
    },
  });
}
