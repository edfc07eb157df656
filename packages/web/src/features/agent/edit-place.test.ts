import type { Agent } from "@bureau/protocol";
import { expect, test } from "vitest";
import { editPlace } from "./edit-place.ts";

const agents = [
  { id: "agt_all", folder: "/work" },
  { id: "agt_anna", folder: "/work/agents/anna" },
] as unknown as Agent[];

test("a file is edited through the nearest agent whose folder it lies in", () => {
  expect(editPlace("AGENTS.md", "/work", agents)).toEqual({ agentId: "agt_all", path: "AGENTS.md" });
  expect(editPlace("agents/anna/memory/people.md", "/work", agents)).toEqual({
    agentId: "agt_anna",
    path: "memory/people.md",
  });
});

test("files outside all folders, and files that are no context, are not edited here", () => {
  expect(editPlace("/home/ana/AGENTS.md", "/work", agents)).toBeNull();
  expect(editPlace("agents/report.md", "/work", agents)).toBeNull();
  expect(editPlace("agents/anna/report.md", "/work", agents)).toBeNull();
});
