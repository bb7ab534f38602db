// The built command line, loaded once: runs each command that it is sent as main.js does, and tells what it wrote.
import { AsyncLocalStorage } from "node:async_hooks";
import { runCli } from "../../../dist/cli/run-cli.js";

/** What the command writes that is running here; commands may run side by side. */
const written = new AsyncLocalStorage();

for (const name of ["stdout", "stderr"]) {
  const stream = process[name];
  stream.setMaxListeners(0); // Each command listens for a reader that goes away.
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...rest) => {
    const command = written.getStore();
    if (command === undefined) return write(chunk, ...rest);
    command[name].push(Buffer.from(chunk));
    const taken = rest.at(-1);
    if (typeof taken === "function") process.nextTick(taken);
    return true;
  };
}

process.on("message", ({ id, args }) => {
  void answer(id, args);
});
// SIGKILL of the parent ends it too.
process.on("disconnect", () => process.exit());

async function answer(id, args) {
  const command = { stdout: [], stderr: [] };
  const code = await written.run(command, () => runCli(args));
  const [stdout, stderr] = [command.stdout, command.stderr].map((parts) =>
    Buffer.concat(parts).toString("utf8"),
  );
  process.send({ id, finished: { code, signal: null, stdout, stderr } });
}
