import type { Browser, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "./testing/app.ts";
import { hasChromium, openBrowser, openWindow } from "./testing/browser.ts";

const LIMIT_MS = 60_000;
const MAX_SCRIPT_BYTES = 200_000;

describe.skipIf(!hasChromium)("the first load (needs chromium: npm run setup -- chromium)", () => {
  let app: RunningApp;
  let browser: Browser;

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), openBrowser()]);
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test(
    "takes at most 200 kB of script, as it comes over the wire",
    async () => {
      const { context, page } = await openWindow(browser, { size: "phone" });
      const scripts: Request[] = [];
      page.on("requestfinished", (request) => {
        if (request.resourceType() === "script" && request.serviceWorker() === null) scripts.push(request);
      });
      await page.goto(app.address);
      await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
      await expect.poll(() => page.getByRole("status", { name: /^Loading/ }).count()).toBe(0);
      const sizes = await Promise.all(scripts.map(async (request) => (await request.sizes()).responseBodySize));
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
      await context.close();
    },
    LIMIT_MS,
  );
});
