import { join } from "node:path";
import { pino } from "pino";
import { connect } from "../index.ts";
import type { RunningServer } from "../server/index.ts";

/** The server of a development broker, with a connection of its own. */
export interface DevServer {
  /** Such as `http://127.0.0.1:4280`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the server that belongs to a folder's broker: its view of the runs is kept beside the broker's files. Without a port
 * it listens at the usual one, or at any that is free if that is taken.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { broker, namespace, dir, port, onTrouble } = options;
  const { DEFAULT_PORT, startServer } = await import("../server/index.ts");
  const connection = await connect({ servers: broker, namespace });
  const log = pino({ level: "error" }, { write: (line: string) => onTrouble(messageOf(line)) });
  const start = (at: number): Promise<RunningServer> =>
    startServer({
      connection,
      database: join(dir, ".millrace", `${namespace}.db`),
      port: at,
      grace: "1s",
      log,
    });
  try {
    const server = await start(port ?? DEFAULT_PORT).catch((error: unknown) => {
      if (port !== undefined || !isTaken(error)) throw error;
      return start(0);
    });
    return {
      url: server.url,
      stop: async () => {
        await server.stop();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

export interface DevServerOptions {
  /** The broker's address. */
  readonly broker: string;
  readonly namespace: string;
  /** The project's folder. */
  readonly dir: string;
  readonly port: number | undefined;
  /** Told of errors that the server goes on after. */
  readonly onTrouble: (text: string) => void;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function messageOf(line: string): string {
  const entry: unknown = JSON.parse(line);
  const { msg, err } = entry as { msg?: string; err?: { message?: string } };
  return [msg, err?.message].filter((part) => part !== undefined).join(": ");
}
