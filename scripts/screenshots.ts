import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "../packages/protocol/src/index.ts";
import { openBrowser, openWindow, type SizeName } from "../e2e/testing/browser.ts";
import { routesOf } from "../e2e/testing/routes.ts";
import { settled } from "../e2e/testing/settled.ts";
import { startShowcase } from "./showcase/start-showcase.ts";

// Makes the pictures of docs/guide/app.md: the showcase's screens in a real Chromium. `npm run screenshots`.

const PICTURES = fileURLToPath(new URL("../docs/guide/pictures/", import.meta.url));
const SHOTS: readonly (readonly [screen: string, size: SizeName, scheme: "light" | "dark"])[] = [
  ["inbox", "phone", "light"],
  ["goals", "desk", "light"],
  ["new goal", "phone", "light"],
  ["goal", "desk", "dark"],
  ["thread", "desk", "light"],
  ["run", "desk", "light"],
  ["agent", "desk", "light"],
  ["usage", "desk", "light"],
  ["settings", "phone", "dark"],
];
const CALM_MS = 1_500;

const folder = await mkdtemp(join(tmpdir(), "bureau-pictures-"));
const { PATH, HOME } = process.env;
const showcase = await startShowcase(folder, { PATH, HOME });
const browser = await openBrowser();
try {
  const client = createClient({ baseUrl: showcase.server.url, token: showcase.server.token });
  await settled(client);
  const routes = await routesOf(client);
  await mkdir(PICTURES, { recursive: true });
  for (const [screen, size, scheme] of SHOTS) {
    const { context, page } = await openWindow(browser, { size, scheme });
    await page.goto(showcase.address);
    await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
    await page.goto(showcase.server.url + routes[screen]);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.waitForTimeout(CALM_MS);
    const name = `${screen.replaceAll(" ", "-")}-${size}-${scheme}.png`;
    await page.screenshot({ path: join(PICTURES, name) });
    process.stdout.write(`Made ${name}.\n`);
    await context.close();
  }
} finally {
  await browser.close();
  await showcase.stop();
  await rm(folder, { recursive: true, force: true });
}
