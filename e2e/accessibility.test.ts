import { readFile } from "node:fs/promises";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beginShowcase } from "../scripts/showcase/workspace.ts";
import { type RunningApp, startApp } from "./testing/app.ts";
import { hasChromium, openBrowser, openWindow } from "./testing/browser.ts";
import { routesOf } from "./testing/routes.ts";
import { settled } from "./testing/settled.ts";

const LIMIT_MS = 120_000;
const LOADED_MS = 15_000;
const WIDER_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

describe.skipIf(!hasChromium)("every screen (needs chromium: npm run setup -- chromium)", () => {
  let app: RunningApp;
  let browser: Browser;
  let routes: Record<string, string>;
  let axe = "";

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), openBrowser()]);
    await beginShowcase(app.client);
    await settled(app.client);
    routes = await routesOf(app.client);
    axe = await readFile(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test.each([
    ["phone", "light"],
    ["phone", "dark"],
    ["desk", "light"],
    ["desk", "dark"],
  ] as const)(
    "on a %s in %s colours has no serious fault, asks nobody else for anything and breaks no rule of its page",
    async (size, scheme) => {
      const { context, page, complaints } = await openWindow(browser, { size, scheme });
      await page.goto(app.address);
      await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
      const faults: string[] = [];
      for (const [name, path] of Object.entries(routes)) {
        await page.goto(app.url + path);
        await page.getByRole("heading", { level: 1 }).first().waitFor();
        await expect.poll(() => page.getByRole("status", { name: /^Loading/ }).count(), { timeout: LOADED_MS }).toBe(0);
        faults.push(...(await faultsOf(page, axe)).map((fault) => `${name}: ${fault}`));
      }
      expect(faults).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );
});

/** What axe calls serious or critical; and content that is wider than the screen. */
async function faultsOf(page: Page, axe: string): Promise<string[]> {
  // Through the debugger, which the page's policy does not bind.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>("window.axe.run()");
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const wide = await page.evaluate<number>(WIDER_PX);
  return [
    ...serious.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`),
    ...(wide > 0 ? [`is ${wide} px wider than the screen`] : []),
  ];
}
