import { z } from "zod";
import { afterEach, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { fastClock, testWorld, type World } from "../testing/test-world.ts";
import { defineTool, type Tool } from "../tools/tool.ts";

const sent: string[] = [];
const sendMail = defineTool({
  name: "send_mail",
  kind: "mail.send",
  description: "Sends a mail.",
  parameters: z.strictObject({ to: z.string() }),
  effect: "write_outside",
  idempotent: false,
  describe: ({ to }) => ({ targets: [to] }),
  execute: async ({ to }) => {
    sent.push(to);
    return { text: "Sent." };
  },
}) as Tool;

let world: World;
afterEach(() => world.close());

test("what a goal above refuses is not done for a goal below it", async () => {
  world = await testWorld(
    ({ toolTurns }) =>
      toolTurns === 0 ? { toolCalls: [{ name: "send_mail", arguments: { to: "bob@acme.test" } }] } : "Done.",
    { clock: fastClock(), tools: [sendMail] },
  );
  const spec = { brief: "Write to bob@acme.test" };
  const above = await createGoal(world.commands, {
    spec: { ...spec, constraints: ["never send mail"] },
    agent: "writer",
    draft: true,
  });
  await createGoal(world.commands, { spec, agent: "writer", parent: above.id });
  await world.driveAll();
  expect(sent).toEqual([]);
  const { rows } = await world.database.query("SELECT status, result FROM tool_calls");
  expect(rows[0]).toMatchObject({ status: "denied", result: expect.stringContaining("never send mail") });
});
