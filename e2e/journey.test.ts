import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelReply, ScriptRequest } from "../packages/engine/src/testing/model-server.ts";
import { showcaseScript } from "../scripts/showcase/script.ts";
import { type RunningApp, startApp } from "./testing/app.ts";
import { hasChromium, openBrowser, openWindow } from "./testing/browser.ts";

const LIMIT_MS = 90_000;
const WAIT = { timeout: 20_000 };
const LINES = 60;
const LINE_MS = 60;
const STORY = Array.from({ length: LINES }, (_, index) => `Line ${index + 1} of the tale.`).join("\n\n");

describe.skipIf(!hasChromium)("in a browser (needs chromium: npm run setup -- chromium)", () => {
  let app: RunningApp;
  let browser: Browser;

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(script), openBrowser()]);
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test(
    "a goal is set at a desk, what it wants to send is approved on a phone, and the desk sees it done with evidence",
    async () => {
      const desk = await openWindow(browser);
      const phone = await openWindow(browser, { size: "phone" });
      await Promise.all([signIn(desk.page, app), signIn(phone.page, app)]);

      await desk.page.keyboard.press("n");
      await desk.page
        .getByLabel("What should be true when this is done?")
        .fill("Send the partners the campaign report.");
      await desk.page.getByLabel("Agent", { exact: true }).selectOption({ label: "anton" });
      await desk.page.getByRole("button", { name: "Continue" }).click();
      await desk.page.getByRole("button", { name: "Skip the questions" }).click();
      await desk.page.getByRole("button", { name: "Start", exact: true }).click();
      await desk.page.getByText("Waits for your yes.").first().waitFor(WAIT);

      const card = phone.page.getByRole("article").filter({ hasText: "partners@northwind.example" });
      await card.waitFor(WAIT);
      expect(await card.textContent()).toContain("week 8 brought 1,240 sign-ups");
      await card.getByRole("button", { name: "Approve", exact: true }).click();

      await desk.page.getByText("Done: every check passed.").first().waitFor({ timeout: 40_000 });
      await desk.page.getByText("What was found").first().click();
      await desk.page.getByText("The ledger shows the mail.").first().waitFor(WAIT);
      await phone.page.getByText("partners@northwind.example").waitFor({ state: "detached", ...WAIT });
      expect([...desk.complaints, ...phone.complaints]).toEqual([]);
      await Promise.all([desk.context.close(), phone.context.close()]);
    },
    LIMIT_MS,
  );

  test(
    "a thread goes on by itself when the server was killed in mid-answer: no reload, nothing lost, nothing twice",
    async () => {
      const { context, page, complaints } = await openWindow(browser);
      await signIn(page, app);
      const run = await app.client.startRun({ body: { agent: "max", text: "Tell the tale." } });
      await page.goto(`${app.url}/threads/${run.threadId}`);
      await page.evaluate("window.isTheSamePage = true");
      await page.getByText("Line 4 of the tale.").waitFor(WAIT);
      await app.kill();
      await page.getByText("Bureau cannot be reached").waitFor(WAIT);
      await app.restart();
      await expect.poll(() => page.getByText("Bureau cannot be reached").count(), WAIT).toBe(0);
      await page.getByText(`Line ${LINES} of the tale.`).waitFor({ timeout: 40_000 });
      await expect
        .poll(async () => (await app.client.getRun({ params: { runId: run.id } })).status, WAIT)
        .toBe("completed");
      expect(await page.evaluate("window.isTheSamePage")).toBe(true);
      const beside = page.getByRole("main").getByText("Tell the tale.", { exact: true });
      const titles = page.getByRole("heading", { name: "Tell the tale.", exact: true });
      expect((await beside.count()) - (await titles.count())).toBe(1);
      expect(await page.getByText(`Line ${LINES} of the tale.`).count()).toBe(1);
      expect(complaints).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );
});

async function signIn(page: Page, app: RunningApp): Promise<void> {
  await page.goto(app.address);
  await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor(WAIT);
  await page.getByText("Skip to content").waitFor({ state: "attached" });
}

/** The showcase's model; a tale that takes its time; a judge that is content; and no help with composing. */
function script(request: ScriptRequest): ModelReply | string {
  if (request.messages.some(({ text }) => text.includes("Give your verdict")))
    return JSON.stringify({ verdict: "met", reason: "The ledger shows the mail." });
  if (request.lastText.includes("Tell the tale.")) return { text: STORY, deltas: LINES, eventDelayMs: LINE_MS };
  const reply = showcaseScript(request);
  return reply.text === "The report is sent."
    ? { ...reply, toolCalls: [{ name: "request_check", arguments: {} }] }
    : reply;
}
