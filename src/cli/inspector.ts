import inspector from "node:inspector";
import { runInThisContext } from "node:vm";
import { InvalidArgumentError } from "commander";
import type { AnyDefinition } from "../definition/definition.ts";

/** Where Node's inspector listens. */
export interface InspectAddress {
  readonly host: string;
  readonly port: number;
}

/** `9230`, `localhost`, `localhost:9230`; 0 for any free port. */
export function inspectValue(text: string): InspectAddress {
  const [, host, port] =
    /^(?:(\[[^\]]+\]|[^:\d][^:]*|\d+(?:\.\d+)+)(?::|$))?(\d+)?$/.exec(text) ?? [];
  const number = Number(port ?? DEFAULT.port);
  if ((host ?? port) === undefined || number > 65_535) {
    throw new InvalidArgumentError("Give <host>:<port>, a host, or a port.");
  }
  return { host: host?.replace(/^\[|\]$/g, "") ?? DEFAULT.host, port: number };
}

/**
 * Opens Node's inspector and waits for a debugger: whatever is loaded from now on can have breakpoints. Nothing else happens in
 * this process meanwhile.
 */
export function waitForDebugger(
  address: InspectAddress | true,
  tell: (line: string) => void,
): void {
  const { host, port } = address === true ? DEFAULT : address;
  inspector.open(port, host);
  tell('Waiting for a debugger: VS Code "Attach to Node Process", or chrome://inspect.');
  inspector.waitForDebugger();
}

/** True while somebody may be stepping through the code. */
export function isInspected(): boolean {
  return inspector.url() !== undefined;
}

/** The same flow, which stops in the debugger before its first line: one step further is in the user's code. */
export function stoppingFirst<D extends AnyDefinition>(definition: D): D {
  const stop = runInThisContext(STOP, { filename: "millrace-replay.<anonymous>" }) as Stop;
  return { ...definition, fn: stop(definition.fn) };
}

type Stop = <F>(fn: F) => F;

/** As a script of its own: debuggers pass over what stands in `node_modules`, this statement too. */
const STOP = `(flow) => (...args) => {
  debugger; // Step into the flow.
  return flow(...args);
}`;

const DEFAULT: InspectAddress = { host: "127.0.0.1", port: 9229 };
