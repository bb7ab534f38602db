import { join } from "node:path";

/** The text of a nats-server configuration file for one development server. */
export function serverConfig(config: ServerConfig): string {
  const { storeDir, host, port, syncInterval, maxPayloadBytes } = config;
  const lines = [
    "# Written by Millrace at each start; changes are lost.",
    `server_name: ${quote(config.serverName)}`,
    // -1: the server takes a free port itself, so nobody can take it between choice and use.
    `listen: ${quote(`${host.includes(":") ? `[${host}]` : host}:${port === 0 ? -1 : port}`)}`,
    `ports_file_dir: ${quote(portsDirectory(storeDir))}`,
    `pid_file: ${quote(pidFile(storeDir))}`,
    `log_file: ${quote(logFile(storeDir))}`,
    "logfile_size_limit: 8MB",
    "logfile_max_num: 2",
    "jetstream {",
    `  store_dir: ${quote(storeDir)}`,
    ...(syncInterval === undefined ? [] : [`  sync_interval: ${quote(syncInterval)}`]),
    "}",
    ...(maxPayloadBytes === undefined ? [] : [`max_payload: ${maxPayloadBytes}`]),
    ...config.configLines,
  ];
  return `${lines.join("\n")}\n`;
}

export interface ServerConfig {
  readonly storeDir: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly serverName: string;
  readonly syncInterval: SyncInterval | undefined;
  readonly maxPayloadBytes: number | undefined;
  readonly configLines: readonly string[];
}

/** How often JetStream flushes to the disk; `always` is before each acknowledgement. */
export type SyncInterval = "always" | `${number}${"ms" | "s" | "m"}`;

export function configFile(storeDir: string): string {
  return join(storeDir, "nats-server.conf");
}

export function pidFile(storeDir: string): string {
  return join(storeDir, "nats-server.pid");
}

export function logFile(storeDir: string): string {
  return join(storeDir, "nats-server.log");
}

/** Where the server writes `nats-server_<pid>.ports` when it is ready. */
export function portsDirectory(storeDir: string): string {
  return join(storeDir, "ports");
}

function quote(text: string): string {
  return JSON.stringify(text);
}
