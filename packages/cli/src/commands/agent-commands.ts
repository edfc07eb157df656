import type { Command } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Work:";

export function addAgentCommands(program: Command, session: Session): void {
  const agent = addNoun(program, "agent", "agents are folders with an AGENTS.md or CLAUDE.md", {
    group: GROUP,
    example: "bureau agent list",
  });
  addLeaf(agent, "add <dir>", "take up a folder that is there", { example: "bureau agent add ~/code/shop" })
    .option("--name <name>", "what to call it; else the folder's name")
    .action(onCall(session, async () => (await import("../actions/agents.ts")).addAgent));
  addLeaf(agent, "new <name>", "make a new folder for an agent", {
    example: 'bureau agent new researcher --instructions "You look things up and name your sources."',
  })
    .option("--instructions <text>", "what its AGENTS.md says")
    .action(onCall(session, async () => (await import("../actions/agents.ts")).newAgent));
  addLeaf(agent, "list", "agents by name", { example: "bureau agent list" }).action(
    onCall(session, async () => (await import("../actions/agents.ts")).listAgents),
  );
  addLeaf(agent, "show <agent>", "one agent, with its goals and runs", { example: "bureau agent show writer" })
    .option("--abilities", "what it does by itself, asks for first and never does, and why")
    .action(onCall(session, async () => (await import("../actions/agents.ts")).showAgent));
  addLeaf(agent, "pause <agent>", "hold all its work", { example: "bureau agent pause writer" }).action(
    onCall(session, async () => (await import("../actions/agents.ts")).pauseAgent),
  );
  addLeaf(agent, "resume <agent>", "let it work again", { example: "bureau agent resume writer" }).action(
    onCall(session, async () => (await import("../actions/agents.ts")).resumeAgent),
  );
}
