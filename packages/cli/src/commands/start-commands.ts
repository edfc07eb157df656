import { type Command, Option } from "commander";
import { addLeaf, onCall, type Session } from "../command-line.ts";

const GROUP = "Start:";
const TEMPLATES = ["company", "personal", "empty"];

export function addStartCommands(program: Command, session: Session): void {
  addLeaf(program, "init [dir]", "make a workspace", { group: GROUP, example: "bureau init acme --template company" })
    .addOption(new Option("--template <name>", "what it begins with").choices(TEMPLATES).default("company"))
    .action(onCall(session, async () => (await import("../local/init.ts")).init));
  addLeaf(program, "up", "start Bureau in a workspace and stay until interrupted", {
    group: GROUP,
    example: "bureau up --workspace acme --port 4747",
  })
    .option("--port <n>", "port to listen on; 0 takes any free one")
    .option("--host <h>", "address to listen on; one that others can reach needs BUREAU_TOKEN")
    .action(onCall(session, async () => (await import("../local/up.ts")).up));
}
