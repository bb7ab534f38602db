import type { StoredRun } from "../../../src/history/recorded-run.ts";
import type { Stored } from "../../../src/ports/run-log.ts";

/** All that is stored of a run, to be compared byte for byte. */
export function bytesOf({ submission, inbox, history }: StoredRun): readonly string[] {
  return [
    lineOf("new", submission),
    ...inbox.map((one) => lineOf("in", one)),
    ...history.map((one) => lineOf("h", one)),
  ];
}

function lineOf(name: string, { subject, partition, sequence, data }: Stored): string {
  return [name, subject, partition, sequence, Buffer.from(data).toString("base64")].join(" ");
}
