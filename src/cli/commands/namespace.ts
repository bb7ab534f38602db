import type { Command } from "commander";
import { checkToken } from "../../engine/names.ts";
import { connect } from "../../index.ts";
import { addPartitions, inspectBroker, type NamespaceReport } from "../../inspect.ts";
import { brokerAddress } from "../broker-address.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanBytes } from "../human-time.ts";
import { countValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace namespace` */
export function addNamespace(program: Command, host: Host): void {
  const namespace = program
    .command("namespace")
    .description("Look at a namespace's partitions, or add some.");
  namespace
    .command("show")
    .description(
      "Show the partitions: how many messages and bytes each has, and which take new runs.",
    )
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      show(await reportOf(options), options.namespace, host.terminal);
    });
  namespace
    .command("add-partitions")
    .description("Add partitions, which take all new runs from then on.")
    .argument("<count>", "how many are added", countValue)
    .option("--force", "though workers serve the namespace: they are disconnected, and end")
    .addHelpText("after", HELP)
    .action(async (count: number, _: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<AddOptions>();
      const { isBeingAdded } = await reportOf(options);
      const { embeddedStore: _store, ...address } = await brokerAddress(options);
      // Nobody can be connected while partitions are being added.
      if (options.force !== true && !isBeingAdded) await refuseWithWorkers(address);
      const added = await addPartitions({ ...address, partitions: count });
      if (terminal.json) return terminal.document(added);
      const { layers, pointers } = added;
      terminal.print(
        `Namespace ${printable(address.namespace)} has partitions ${layers.join(" + ")}.`,
      );
      terminal.print(
        `New runs are spread over the last ${count}; ${pointers} that wait got a pointer.`,
      );
    });
}

const HELP = `
Nothing is moved: runs stay in the partition where they are, and are found there by their ids. Drain the
workers first (SIGTERM) and start them again afterwards; clients and servers that stay are disconnected
and have to connect again. If it breaks off, run it again with the same count: until then nobody can
connect. More about it: docs/scaling.md

Examples:
  $ millrace namespace show
  $ millrace namespace add-partitions 4`;

interface AddOptions extends GlobalOptions {
  readonly force?: boolean;
}

async function reportOf(options: GlobalOptions): Promise<NamespaceReport> {
  const { embeddedStore: _, ...address } = await brokerAddress(options);
  checkToken("A namespace", address.namespace);
  const { namespace } = await inspectBroker({ ...address, probe: false });
  if (namespace !== undefined) return namespace;
  throw new CliError(
    "NAMESPACE_NOT_FOUND",
    `There is no namespace ${address.namespace} at ${address.servers.join(", ")}. Check --namespace and --servers; the first submit or serve makes it.`,
  );
}

async function refuseWithWorkers(address: Parameters<typeof connect>[0]): Promise<void> {
  await using millrace = await connect(address);
  const alive = (await millrace.workers()).filter(
    ({ status }) => status !== "stopped" && status !== "gone",
  );
  if (alive.length === 0) return;
  const ids = alive.map(({ id }) => printable(id)).join(", ");
  throw new CliError(
    "NAMESPACE_SERVED",
    `${alive.length} workers serve this namespace: ${ids}. Drain them first, or give --force: then they end, and what they hold is taken over after a lease.`,
  );
}

function show(report: NamespaceReport, name: string, terminal: Terminal): void {
  const { layers, isBeingAdded, streams } = report;
  const first = streams.length - (layers.at(-1) ?? 0);
  const partitions = streams.map(({ messages, bytes, replicas, isMissing }, partition) => {
    const takesNewRuns = partition >= first && !isBeingAdded;
    return { partition, takesNewRuns, messages, bytes, replicas, isMissing };
  });
  if (terminal.json)
    return terminal.document({ namespace: name, layers, isBeingAdded, partitions });
  terminal.print(`${terminal.colors.bold(printable(name))}  partitions ${layers.join(" + ")}`);
  for (const { partition, takesNewRuns, messages, bytes, isMissing } of partitions) {
    const what = isMissing ? "the stream is missing" : `${messages} messages, ${humanBytes(bytes)}`;
    const takes = takesNewRuns ? "" : terminal.colors.dim("  no new runs");
    terminal.print(`  ${partition}  ${what}${takes}`);
  }
  if (!isBeingAdded) return;
  terminal.note("Partitions are being added. If nobody is at it, run add-partitions again.");
}
