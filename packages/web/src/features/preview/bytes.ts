import { errorFrom } from "@bureau/protocol";

/** The bytes of a file on this server, fetched with the session. */
export async function fetchBytes(url: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (!response.ok) throw await errorFrom(response);
  return await response.blob();
}
