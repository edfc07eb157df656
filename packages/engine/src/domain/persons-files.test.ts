import { expect, test } from "vitest";
import { isPersonsFile } from "./persons-files.ts";

test.each([
  "goals/spring.md",
  "goals",
  "GOALS/spring.md",
  "agents/writer/goals/a.md",
  "bureau.yaml",
  "agents/writer/mcp.json",
])("%s is a person's to write", (path) => expect(isPersonsFile(path.split("/"))).toBe(true));

test.each(["report.md", "docs/goals/a.md", "agents/writer/notes.md", "agents/goals", "src/bureau.yaml", "agents"])(
  "%s is an agent's to write",
  (path) => expect(isPersonsFile(path.split("/"))).toBe(false),
);
