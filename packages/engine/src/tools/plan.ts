import { z } from "zod";
import { defineTool } from "./tool.ts";

const MAX_STEPS = 40;
const MAX_STEP_CHARACTERS = 300;

/** The plan is kept as the view of this call's item; the last one of a run is its plan. */
export const plan = defineTool({
  name: "plan",
  description: "Replaces your plan, which the person sees. Use it for work of several steps; keep it true.",
  parameters: z.strictObject({
    steps: z
      .array(
        z.strictObject({
          text: z.string().min(1).max(MAX_STEP_CHARACTERS),
          status: z.enum(["open", "in_progress", "done"]),
        }),
      )
      .min(1)
      .max(MAX_STEPS),
  }),
  effect: "read",
  idempotent: true,
  execute({ steps }) {
    const done = steps.filter((step) => step.status === "done").length;
    return Promise.resolve({
      text: `Plan kept: ${done} of ${steps.length} done.`,
      view: { type: "plan" as const, steps },
    });
  },
});
