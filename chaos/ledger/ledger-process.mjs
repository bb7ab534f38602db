// @ts-check
// The ledger: a process that nothing strikes. It writes down what the others did, one line each, in the order in which it heard
// of it and with its own clock, and says so when the line is written.
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const [socketPath = "", file = ""] = process.argv.slice(2);
const out = openSync(file, "a");
let count = 0;

const server = createServer((socket) => {
  const lines = createInterface({ input: socket });
  // Who is killed does not say good-bye.
  socket.on("error", () => undefined);
  lines.on("error", () => undefined);
  lines.on("line", (line) => {
    const { id, entry } = JSON.parse(line);
    const at = Date.now();
    writeSync(out, `${JSON.stringify({ n: ++count, at, ...entry })}\n`);
    socket.write(`${JSON.stringify({ id, at })}\n`);
  });
});
server.listen(socketPath, () => process.send?.({ ready: true }));
process.on("disconnect", () => process.exit(0));
