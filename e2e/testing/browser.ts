import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Where Debian's package puts it; `npm run setup -- chromium` installs it. */
const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

export const SIZES = {
  phone: { width: 390, height: 844 },
  desk: { width: 1280, height: 800 },
} as const;
export type SizeName = keyof typeof SIZES;

/** What a page said that it should not have: errors, refused content, requests to elsewhere. */
export interface Complaints {
  readonly list: readonly string[];
}

/** A real Chromium that speaks to nobody by itself. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
  });
}

/** A browser of its own at one size; `complaints` gathers what went wrong in its pages. */
export async function openWindow(
  browser: Browser,
  { size = "desk", scheme = "light" }: { size?: SizeName; scheme?: "light" | "dark" } = {},
): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const isPhone = size === "phone";
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: scheme,
    hasTouch: isPhone,
    isMobile: isPhone,
    reducedMotion: "reduce",
  });
  const complaints: string[] = [];
  context.on("weberror", (error) => complaints.push(`error: ${String(error.error())}`));
  context.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message.text())) complaints.push(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    const isOwn = hostname === "127.0.0.1" || hostname === "localhost" || ["data:", "blob:"].includes(protocol);
    if (!isOwn) complaints.push(`request to elsewhere: ${request.url()}`);
  });
  return { context, page: await context.newPage(), complaints };
}

/** Chromium itself says so when the server is down, as it is on purpose in some tests. */
function isExpected(text: string): boolean {
  return /Failed to load resource|ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE_CHUNKED/.test(text);
}
