import { expect, test } from "vitest";
import { isContextPath } from "./context-paths.ts";

test.each([
  "AGENTS.md",
  "CLAUDE.md",
  "docs/AGENTS.md",
  "memory/prefers-short-mails.md",
  "skills/report/SKILL.md",
  "skills/report/scripts/count.py",
  ".claude/skills/report/SKILL.md",
])("%s can be edited in the app", (path) => expect(isContextPath(path.split("/"))).toBe(true));

test.each([
  "",
  "report.md",
  "memory",
  "memory/picture.png",
  "memory/../bureau.yaml",
  "bureau.yaml",
  "mcp.json",
  "goals/launch.md",
  ".claude/settings.json",
  ".git/hooks/pre-commit.sh",
])('"%s" cannot', (path) => expect(isContextPath(path.split("/"))).toBe(false));
