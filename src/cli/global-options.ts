import { type Command, Option } from "commander";

/** What every command takes, before or after its name. */
export interface GlobalOptions {
  readonly servers?: string;
  readonly namespace: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly payloads?: string;
  readonly json?: boolean;
}

export function addGlobalOptions(program: Command): void {
  const options = [
    new Option("-s, --servers <urls>", "NATS servers, separated by commas").env("NATS_URL"),
    new Option("-n, --namespace <name>", "namespace of the runs")
      .env("MILLRACE_NAMESPACE")
      .default("default"),
    new Option("--user <name>", "user to connect as").env("NATS_USER"),
    new Option("--password <text>", "its password").env("NATS_PASSWORD"),
    new Option("--token <text>", "token to connect with").env("NATS_TOKEN"),
    new Option("--creds <file>", "credentials file (JWT and seed)").env("NATS_CREDS"),
    new Option("--tls-ca <file>", "certificate authority of the servers").env("NATS_CA"),
    new Option("--tls-cert <file>", "certificate to show to the servers").env("NATS_CERT"),
    new Option("--tls-key <file>", "its key").env("NATS_KEY"),
    new Option(
      "--payloads <file>",
      "file that exports what reads payloads: codec, blobs, as for connect()",
    ).env("MILLRACE_PAYLOADS"),
    new Option("--json", "JSON on stdout: one document, or one a line; errors as JSON on stderr"),
  ];
  for (const option of options) program.addOption(option);
}
