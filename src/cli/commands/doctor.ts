import type { Command } from "commander";
import { checkToken } from "../../engine/names.ts";
import { inspectBroker } from "../../inspect.ts";
import { brokerAddress } from "../broker-address.ts";
import type { Check } from "../doctor/check.ts";
import { durabilityChecks } from "../doctor/durability-checks.ts";
import { fsyncPolicy } from "../doctor/fsync-policy.ts";
import { namespaceChecks } from "../doctor/namespace-checks.ts";
import { serverChecks } from "../doctor/server-checks.ts";
import { EXIT } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `millrace doctor` */
export function addDoctor(program: Command, host: Host): void {
  program
    .command("doctor")
    .description("Check the broker and the namespace: what is, what it means, what to do.")
    .option("--monitor <url>", "the server's monitoring, such as http://broker:8222")
    .option("--no-probe", "do not measure a write (it makes a stream and removes it)")
    .addHelpText("after", HELP)
    .action(async (_: unknown, command: Command) => {
      const { terminal } = host;
      const options = command.optsWithGlobals<DoctorOptions>();
      const { embeddedStore, ...address } = await brokerAddress(options);
      checkToken("A namespace", address.namespace);
      const report = await inspectBroker({ ...address, probe: options.probe });
      const fsync = await fsyncPolicy({ embeddedStore, monitorUrl: options.monitor });
      const isEmbedded = embeddedStore !== undefined;
      const checks = [...serverChecks(report)];
      if (report.server.jetStream) {
        checks.push(...durabilityChecks(report, fsync, isEmbedded));
        checks.push(...namespaceChecks(address.namespace, report.namespace));
      }
      const healthy = checks.every(({ level }) => level !== "fail");
      if (!healthy) host.exitCode = EXIT.unhealthy;
      if (terminal.json) terminal.document({ healthy, checks, report: { ...report, fsync } });
      else printChecks(terminal, checks);
    });
}

const HELP = `
Exit code 0 when no check fails (warnings do not count), 6 when one does, 5 when no broker answers.

Examples:
  $ millrace doctor
  $ millrace doctor -s nats://broker:4222 --monitor http://broker:8222
  $ millrace doctor --json | jq '.checks[] | select(.level != "ok")'`;

interface DoctorOptions extends GlobalOptions {
  readonly monitor?: string;
  readonly probe: boolean;
}

function printChecks(terminal: Terminal, checks: readonly Check[]): void {
  const { green, yellow, red, bold, dim } = terminal.colors;
  const labels = { ok: green("ok  "), warn: yellow("warn"), fail: red("fail") };
  for (const { level, name, found, means, todo } of checks) {
    terminal.print(`${labels[level]}  ${bold(printable(name))}: ${printable(found)}`);
    terminal.print(`      ${dim(printable(means))}`);
    if (todo !== undefined) terminal.print(`      do: ${printable(todo)}`);
  }
  const count = (level: Check["level"]): number =>
    checks.filter((check) => check.level === level).length;
  terminal.print("");
  terminal.print(`${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failing`);
}
