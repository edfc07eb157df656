import { createServer } from "node:net";

// Runs inside a sandbox before its command does: opens the proxy's port in the sandbox's own network, gives it to the
// broker through a channel that is closed before the command begins, and ends. Plain JavaScript: taking types off
// would take longer than all the rest of it.
const server = createServer();
const give = () => process.send("listening", server, {}, () => process.exit(0));
server.listen(Number(process.argv[2]), "127.0.0.1", give);
