import type { QrCode } from "@bureau/protocol";

/** A picture of a link, for a page and for a terminal. Loaded when it is first asked for. */
export async function qrCodeOf(link: string): Promise<QrCode> {
  const { toString } = await import("qrcode");
  const options = { errorCorrectionLevel: "M" } as const;
  const [svg, text] = await Promise.all([
    toString(link, { ...options, type: "svg" }),
    toString(link, { ...options, type: "utf8" }),
  ]);
  return { svg, text };
}
