import type { Call } from "../command-line.ts";
import { findWorkspace } from "../workspace.ts";

/** Starts everything in this process and stays until it is interrupted; a second interrupt ends it at once. */
export async function up(call: Call<{ port?: string; host?: string }>): Promise<number> {
  const { terminal, options } = call;
  const { loadConfig, startServer } = await import("@bureau/server");
  const stopped = Promise.withResolvers<void>();
  let interrupts = 0;
  const stopListening = terminal.onInterrupt(() => {
    interrupts += 1;
    if (interrupts > 1) process.exit(0);
    stopped.resolve();
  });
  try {
    const workspace = findWorkspace(call);
    const config = await loadConfig({ workspace, port: options.port, host: options.host }, terminal.environment);
    const server = await startServer(config, (level, message) => {
      if (level !== "info") terminal.err(`${message}\n`);
    });
    if (options.json === true)
      terminal.out(`${JSON.stringify({ ready: true, url: server.url, token: server.token })}\n`);
    else {
      terminal.out(`Bureau is up at ${server.url}, for the workspace ${server.workspace}.\n`);
      // What follows # stays in the browser: the token is in no server's log.
      terminal.out(`Open ${server.url}/#token=${encodeURIComponent(server.token)} to be signed in.\n`);
    }
    await stopped.promise;
    if (options.json !== true) terminal.err("Stopping. Work goes on at the next start.\n");
    await server.stop();
    return 0;
  } finally {
    stopListening();
  }
}
