import { connect } from "node:net";

/**
 * Connects to a nats-server and reads the `INFO` line with which it greets every client.
 * Whoever gets it knows that the server takes clients, and which server it is.
 */
export async function readServerInfo(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<ServerInfo> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const end = (outcome: ServerInfo | Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    const timer = setTimeout(
      () => end(new Error(`${host}:${port} sent no INFO within ${timeoutMs} ms`)),
      timeoutMs,
    );
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (received.includes("\r\n")) end(parseInfo(received));
      else if (received.length > MAX_INFO_LENGTH)
        end(new Error(`${host}:${port} is no nats-server`));
    });
    socket.on("error", end);
    socket.on("end", () => end(new Error(`${host}:${port} closed the connection`)));
  });
}

export interface ServerInfo {
  /** New with every start of the server. */
  readonly serverId: string;
  readonly jetStream: boolean;
}

const MAX_INFO_LENGTH = 64 * 1024;

function parseInfo(received: string): ServerInfo | Error {
  const json = /^INFO (\{.*\})\s*\r\n/.exec(received)?.[1];
  try {
    const info: unknown = JSON.parse(json ?? "");
    if (typeof info === "object" && info !== null && "server_id" in info) {
      const jetStream = "jetstream" in info && info.jetstream === true;
      return { serverId: String(info.server_id), jetStream };
    }
  } catch {
    // Falls through: what came was not an INFO line.
  }
  return new Error(`what listens there is no nats-server: ${received.slice(0, 60).trim()}`);
}
