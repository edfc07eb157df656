import type { Command } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

/** What runs have published for people. */
export function addArtifactCommands(program: Command, session: Session): void {
  const artifact = addNoun(program, "artifact", "what runs have published, with its versions and comments", {
    group: "Work:",
    example: "bureau artifact list",
  });
  addLeaf(artifact, "list", "artifacts, newest first", { example: "bureau artifact list --goal launch" })
    .option("--status <list>", "only these: published, archived; without it those that are published")
    .option("--goal <goal>", "only of this goal")
    .option("--agent <name>", "only of this agent")
    .option("--run <run>", "only those that this run has published a version of")
    .option("--thread <thread>", "only of this thread")
    .option("--limit <n>", "how many", "50")
    .action(onCall(session, async () => (await import("../actions/artifacts.ts")).listArtifacts));
  addLeaf(artifact, "show <artifact>", "one of them, with its versions and comments", {
    example: "bureau artifact show launch-report",
  }).action(onCall(session, async () => (await import("../actions/artifacts.ts")).showArtifact));
  addLeaf(artifact, "open <artifact>", "print the path of the newest version's plain file", {
    example: "bureau artifact open launch-report",
  }).action(onCall(session, async () => (await import("../actions/artifacts.ts")).openArtifact));
  addLeaf(artifact, "comment <artifact> <text>", "say something of a version; its agent reads it", {
    example: 'bureau artifact comment launch-report "Name the third risk." --lines 4-9',
  })
    .option("--on <n>", "on this version; without it the newest")
    .option("--lines <range>", "on these lines, such as 4-9")
    .option("--quote <words>", "on these words of it")
    .action(onCall(session, async () => (await import("../actions/artifacts.ts")).commentArtifact));
  addLeaf(artifact, "diff <artifact>", "what changed between two versions, line by line", {
    example: "bureau artifact diff launch-report --from 1 --to 3",
  })
    .option("--from <n>", "the older version; without it the one before the newer")
    .option("--to <n>", "the newer version; without it the newest")
    .action(onCall(session, async () => (await import("../actions/artifacts.ts")).diffArtifact));
}
