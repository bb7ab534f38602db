import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { type EmbeddedBroker, openEmbeddedBroker } from "../../embedded/open-embedded-broker.ts";
import type { Duration } from "../../engine/duration.ts";
import type { GuardMode } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import { type DevServer, startDevServer } from "../dev-server.ts";
import { DevWorker } from "../dev-worker.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { countValue, durationValue, guardOption, portValue } from "../option-values.ts";
import { projectFolder } from "../project-folder.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace dev <file>` */
export function addDev(program: Command, host: Host): void {
  program
    .command("dev")
    .description(
      "Run a broker, a worker and a server for development; reload the worker on change.",
    )
    .argument("<file>", "TypeScript or JavaScript file that exports flows and tasks")
    .option("-l, --limit <n>", "runs that execute at once (default: 100)", countValue)
    .option("--port <n>", "port of the broker (default: the one it had, or a free one)", countValue)
    .option("--server-port <n>", "port of the server (default: 4280, or a free one)", portValue)
    .option("--no-server", "no server: no search, no HTTP API")
    .option(
      "--grace <duration>",
      "how long steps may go on at a reload (default: 10s)",
      durationValue,
    )
    .addOption(guardOption("warn"))
    .addHelpText("after", HELP)
    .action(async (file: string, _: unknown, command: Command) =>
      develop(host, file, command, command.optsWithGlobals<DevOptions>()),
    );
}

const HELP = `
The server answers searches and the HTTP API, on this machine only and without tokens.
The broker keeps its files in .millrace/ of the project folder (the nearest one with a package.json) and
ends with this command; runs are there again the next time. Other commands in this folder find it by
themselves. A second dev in the same folder joins the broker of the first. --servers and NATS_URL do not
count here: to work on a broker of your own, use serve.

Example:
  $ millrace dev flows.ts
  $ millrace submit hello '"world"' --wait          (in a second terminal)`;

interface DevOptions extends GlobalOptions {
  readonly limit?: number;
  readonly port?: number;
  readonly server: boolean;
  readonly serverPort?: number;
  readonly grace?: Duration;
  readonly guard?: GuardMode;
}

async function develop(
  { terminal }: Host,
  file: string,
  command: Command,
  options: DevOptions,
): Promise<void> {
  if (command.getOptionValueSourceWithGlobals("servers") === "cli") {
    throw new CliError("USAGE", "dev brings its own broker. For another one use: millrace serve.");
  }
  terminal.onBrokenPipe = () => undefined;
  let worker: DevWorker | undefined;
  const stopped = stopSignal(() => worker?.kill());
  const dir = projectFolder(process.cwd());
  const say = (text: string): void => announce(terminal, text);
  await using broker = await openEmbeddedBroker({ dir, port: options.port, onProgress: say });
  say(`Broker ${broker.url}${broker.owned ? "" : " (of another process in this folder)"}`);
  const server = await serverFor(broker.url, dir, options, say);
  worker = new DevWorker({
    file: resolve(file),
    args: workerArgs(broker.url, options),
    env: withoutConnection(process.env),
    say,
    shown: (path) => relative(process.cwd(), path),
  });
  const working = worker.run();
  const ended = await Promise.race([stopped, brokerEnd(broker), working]);
  say(ended === "broker" ? "The broker has ended" : "Stopping");
  await worker.stop();
  await working;
  await server?.stop();
  if (ended === "broker") throw new CliError("BROKER_ENDED", "The broker ended. Start dev again.");
}

async function serverFor(
  broker: string,
  dir: string,
  { server: wanted, namespace, serverPort: port }: DevOptions,
  say: (text: string) => void,
): Promise<DevServer | undefined> {
  if (!wanted) return undefined;
  try {
    const server = await startDevServer({ broker, namespace, dir, port, onTrouble: say });
    say(`Server ${server.url}`);
    return server;
  } catch (error) {
    if (port !== undefined) throw error;
    // Runs need no server: what is developed here works without.
    say(`No server: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function workerArgs(url: string, options: DevOptions): readonly string[] {
  const { namespace, limit, grace = "10s", guard = "warn", payloads, json } = options;
  return [
    "--servers",
    url,
    "--namespace",
    namespace,
    "--grace",
    String(grace),
    "--guard",
    guard,
    // Who develops receives webhooks on the same machine.
    ...["127.0.0.0/8", "::1"].flatMap((address) => ["--allow-webhook", address]),
    ...(limit === undefined ? [] : ["--limit", String(limit)]),
    ...(payloads === undefined ? [] : ["--payloads", payloads]),
    ...(json === true ? ["--json"] : []),
  ];
}

/** What is meant for another broker must not reach this one. */
function withoutConnection(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NATS_URL: _, ...rest } = env;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !CREDENTIALS.has(name)));
}

const CREDENTIALS = new Set(
  "NATS_USER NATS_PASSWORD NATS_TOKEN NATS_CREDS NATS_CA NATS_CERT NATS_KEY".split(" "),
);

async function brokerEnd(broker: EmbeddedBroker): Promise<"broker"> {
  if (!broker.owned) return new Promise(() => undefined);
  await broker.server.exited;
  return "broker";
}

function announce(terminal: Terminal, text: string): void {
  if (terminal.json) terminal.note(JSON.stringify({ time: new Date(), msg: text }));
  else terminal.note(`${terminal.noteColors.cyan("millrace")} ${text}`);
}
