import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelReply, ScriptRequest } from "../packages/engine/src/testing/model-server.ts";
import { type RunningApp, startApp } from "./testing/app.ts";
import { hasChromium, openBrowser, openWindow } from "./testing/browser.ts";
import { settled } from "./testing/settled.ts";

const LIMIT_MS = 120_000;
const WAIT = { timeout: 20_000 };
const CALM_MS = 500;
const LIVE_ELEMENTS = "main script, main iframe, main object, main embed, main form[action]";
/** Whatever a payload would do to show that it ran. */
const WATCH = `globalThis.ranHere = []; for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
  globalThis[name] = (...words) => void globalThis.ranHere.push(name + ": " + words.join(" "));
}`;

describe.skipIf(!hasChromium)("what others wrote (needs chromium: npm run setup -- chromium)", () => {
  let app: RunningApp;
  let browser: Browser;
  let payloads: string[] = [];
  let all = "";

  beforeAll(async () => {
    payloads = JSON.parse(await readFile(new URL("fixtures/xss/payloads.json", import.meta.url), "utf8")) as string[];
    all = payloads.join("\n\n");
    [app, browser] = await Promise.all([startApp((request) => speak(request, all)), openBrowser()]);
    const skill = join(app.workspace, "agents", "max", "skills", "hostile");
    await mkdir(skill, { recursive: true });
    await writeFile(
      join(skill, "SKILL.md"),
      `---\nname: hostile\ndescription: ${JSON.stringify(all.slice(0, 900))}\n---\n\n${all}\n`,
    );
    await writeFile(join(app.workspace, "agents", "max", "AGENTS.md"), `# Max\n\n${all}\n`);
    for (const name of ["hostile.md", "hostile.html", "hostile.svg", "hostile.csv"])
      await writeFile(join(app.workspace, "agents", "max", name), all);
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  test(
    "never runs: in messages, mails that wait, goals, skills, context and files, of 223 that try",
    async () => {
      expect(payloads.length).toBe(223);
      const chat = await app.client.startRun({ body: { agent: "max", text: all.slice(0, 50_000) } });
      const mail = await app.client.startRun({ body: { agent: "anton", text: "Send the mail." } });
      const goal = await app.client.createGoal({
        body: {
          agent: "max",
          draft: true,
          spec: {
            title: payloads[0]!.slice(0, 400),
            brief: all,
            done: all.slice(0, 9_000),
            constraints: payloads.slice(0, 40).map((text) => text.slice(0, 400)),
          },
        },
      });
      await settled(app.client);
      const { entries } = await app.client.listInbox({ query: { run: mail.id, limit: 10 } });
      const { context, page, complaints } = await openWindow(browser);
      const ran: string[] = [];
      await context.addInitScript(WATCH);
      await page.goto(app.address);
      await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor(WAIT);
      for (const path of [
        "/",
        `/inbox/${entries[0]?.id}`,
        `/threads/${chat.threadId}`,
        `/threads/${mail.threadId}`,
        `/runs/${chat.id}`,
        `/goals/${goal.id}`,
        "/goals",
        "/threads",
        `/agents/${chat.agentId}?tab=knows`,
        `/agents/${chat.agentId}?tab=files`,
        "/activity",
      ]) {
        await page.goto(app.url + path);
        await page.getByRole("heading", { level: 1 }).first().waitFor(WAIT);
        if (path.endsWith("tab=files")) ran.push(...(await openFiles(page)));
        await page.waitForTimeout(CALM_MS);
        ran.push(...(await ranOn(page, path)));
      }
      expect(ran).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );
});

/** Each file by its name, as a person opens it, and back. */
async function openFiles(page: Page): Promise<string[]> {
  const address = page.url();
  const ran: string[] = [];
  for (const name of ["hostile.md", "hostile.html", "hostile.svg", "hostile.csv"]) {
    await page.getByRole("button", { name }).first().click(WAIT);
    await page.waitForTimeout(CALM_MS);
    ran.push(...(await ranOn(page, name)));
    await page.goto(address);
    await page.getByRole("heading", { level: 1 }).first().waitFor(WAIT);
  }
  return ran;
}

/** What ran, or could: each with where it was. */
async function ranOn(page: Page, place: string): Promise<string[]> {
  const ran = await page.evaluate<string[]>("globalThis.ranHere");
  const live = await page.locator(LIVE_ELEMENTS).count();
  return [...ran, ...(live > 0 ? [`${live} live elements`] : [])].map((what) => `${place}: ${what}`);
}

function speak({ messages, toolTurns }: ScriptRequest, all: string): ModelReply {
  const asked = messages.find(({ role }) => role === "user")?.text ?? "";
  if (!asked.includes("Send the mail.") || toolTurns > 0) return { text: all.slice(0, 50_000) };
  return {
    toolCalls: [
      {
        name: "mail_send_mail",
        arguments: { to: "a@northwind.example", subject: all.slice(0, 300), body: all.slice(0, 20_000) },
      },
    ],
  };
}
