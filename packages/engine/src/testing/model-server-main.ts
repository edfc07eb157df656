import { pathToFileURL } from "node:url";
import { startModelServer, type ModelScript } from "./model-server.ts";

/**
 * The model server as its own process: `node model-server-main.ts [SCRIPT.ts] [PORT]`.
 *
 * Prints one line of JSON with its addresses once it listens. The script module exports `script`; without one, every
 * request is answered with "ok". Ends when its standard input ends, so that it cannot outlive the process that
 * started it with a pipe.
 */
async function main(scriptPath: string | undefined, port: string | undefined): Promise<void> {
  const script = scriptPath === undefined ? () => "ok" : await loadScript(scriptPath);
  const server = await startModelServer({ script, record: false, port: port === undefined ? 0 : Number(port) });
  const { url, openaiUrl, anthropicUrl, googleUrl } = server;
  process.stdout.write(
    `${JSON.stringify({ ready: true, url, openaiUrl, anthropicUrl, googleUrl, pid: process.pid })}\n`,
  );
  if (process.stdin.isTTY) return;
  process.stdin.on("end", () => void server.close());
  process.stdin.resume();
}

async function loadScript(path: string): Promise<ModelScript> {
  const module = (await import(pathToFileURL(path).href)) as { script?: ModelScript };
  if (module.script === undefined) throw new Error(`The module ${path} exports no "script".`);
  return module.script;
}

await main(process.argv[2], process.argv[3]);
