import { type Command, Option } from "commander";
import { type Logger, pino } from "pino";
import type { Duration } from "../../engine/duration.ts";
import { databaseOption } from "../database-option.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { humanLog } from "../log-stream.ts";
import { openConnection } from "../open-connection.ts";
import { collect, countValue, durationValue, portValue, sequenceValue } from "../option-values.ts";
import { leaveWithParent } from "../parent-process.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace server` */
export function addServer(program: Command, host: Host): void {
  program
    .command("server")
    .description(
      "Serve the HTTP API, and keep the view of all runs up to date. Runs need no server.",
    )
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("-p, --port <n>", "port to listen at; 0 for a free one", portValue, 4280)
    .addOption(databaseOption())
    .addOption(
      new Option("--auth <mode>", "whether requests need a token (docs/server.md)")
        .choices(["auto", "tokens", "open"])
        .default("auto"),
    )
    .option("--allow-host <name>", "name of a server without tokens; repeatable", collect)
    .option("--trust-proxy [addresses]", "take the client's address from X-Forwarded-For")
    .option("--body-limit <bytes>", "largest body of a request (default: 1048576)", countValue)
    .option(
      "--rate-limit <n>",
      "requests a minute for each caller; 0 for any number",
      sequenceValue,
    )
    .option("--grace <duration>", "how long requests may take to end (default: 10s)", durationValue)
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) =>
      runServer(host, command.optsWithGlobals<ServerFlags>()),
    );
}

const HELP = `
Prints its address on stdout. SIGTERM or Ctrl-C: ends what waits, lets requests end, ends with exit
code 0. On a loopback address no token is needed as long as there is none; elsewhere it does not start
without: millrace token create. Start several for one namespace, each with a file or all with one
PostgreSQL.

Examples:
  $ millrace server
  $ millrace server --host 0.0.0.0 --database postgres://millrace@db/millrace
  $ curl -s http://127.0.0.1:4280/api/v1/runs?q=status:failed`;

interface ServerFlags extends GlobalOptions {
  readonly host: string;
  readonly port: number;
  readonly database?: string;
  readonly auth: "auto" | "tokens" | "open";
  readonly allowHost?: readonly string[];
  readonly trustProxy?: boolean | string;
  readonly bodyLimit?: number;
  readonly rateLimit?: number;
  readonly grace?: Duration;
}

async function runServer({ terminal }: Host, options: ServerFlags): Promise<void> {
  const { host, port, database, auth, allowHost, trustProxy, bodyLimit, rateLimit, grace } =
    options;
  const stopped = stopSignal();
  leaveWithParent();
  await using connection = await openConnection(options);
  const { startServer } = await serverCode();
  const server = await startServer({
    connection,
    host,
    port,
    auth,
    log: logger(terminal),
    limits: {
      ...(bodyLimit === undefined ? {} : { bodyBytes: bodyLimit }),
      ...(rateLimit === undefined ? {} : { requestsPerMinute: rateLimit }),
    },
    ...(database === undefined ? {} : { database }),
    ...(allowHost === undefined ? {} : { allowedHosts: allowHost }),
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(grace === undefined ? {} : { grace }),
  });
  const { url } = server;
  if (terminal.json) terminal.document({ url, namespace: connection.namespace, auth: server.auth });
  else terminal.print(url);
  if (!terminal.json && server.auth === "open") {
    terminal.note("No token is needed: whoever reaches this address can do everything.");
  }
  await stopped;
  await server.stop();
}

/**
 * Loaded when it is needed: no other command waits for an HTTP server and a database. A function of its own: in one with
 * `await using`, the compiler leaves the specifier of an import as it is.
 */
function serverCode() {
  return import("../../server/start-server.ts");
}

/** Goes to stderr: the address is the result. */
function logger(terminal: Terminal): Logger {
  terminal.onBrokenPipe = () => undefined;
  const forPeople = process.stderr.isTTY && !terminal.json;
  return pino({ name: "millrace" }, forPeople ? humanLog(terminal.noteColors, write) : { write });
}

function write(text: string): void {
  process.stderr.write(text);
}
