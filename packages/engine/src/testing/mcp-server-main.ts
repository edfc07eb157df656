import { readFileSync } from "node:fs";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type McpScript, scriptedMcpServer } from "./mcp-test-server.ts";

/** Serves the script in the file that is named, over standard input and output. */
const script = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as McpScript;
process.stderr.write("The test server is up.\n");
serveStdio(() => scriptedMcpServer(script));
