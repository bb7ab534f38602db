// A client process that the test tells what to do: one JSON command a line, one JSON answer each.
import { createInterface } from "node:readline";
import { connect, flow as flowOf, signal as signalOf } from "../../../dist/index.js";
import { report, settings } from "./settings.mjs";

const millrace = await connect({ servers: settings.servers, namespace: settings.namespace });
const commands = {
  submit: async ({ flow, input, options }) => (await millrace.submit(flow, input, options)).id,
  result: ({ run }) => millrace.attach(run).result(),
  submitAndWait: async ({ flow, input, options }) =>
    (await millrace.submit(flow, input, options)).result(),
  signalOrSubmit: async ({ flow, input, options, signal, value }) => {
    // What it does is not asked for here: the definition stands for its name.
    const definition = flowOf(flow, () => undefined);
    return (await millrace.signalOrSubmit(definition, input, options, signalOf(signal), value)).id;
  },
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void answer(JSON.parse(line)));
lines.on("close", () => process.exit(1));
report({ ready: true });

async function answer({ id, command, ...args }) {
  try {
    report({ id, value: await commands[command](args) });
  } catch (error) {
    report({ id, error: { code: error.code, message: error.message } });
  }
}
