import { pino } from "pino";
import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { sortableId } from "../../src/engine/sortable-id.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { inspectLog } from "../../src/server/caretaker/inspect-log.ts";
import type { ServerHost } from "../../src/server/server-host.ts";
import { decodeDeadLetter } from "../../src/wire/dead-letter-codec.ts";
import { encodeInput } from "../../src/wire/input-codec.ts";
import { onEveryAdapter } from "../contract/support/on-every-adapter.ts";
import { ListedRuns } from "./support/listed-runs.ts";

const { signal } = new AbortController();
const NOW = { minAgeMs: -60_000, signal };

function hostOf(broker: Broker): ServerHost {
  const log = pino({ level: "silent" });
  const millrace = new Millrace(broker);
  return { millrace, store: new ListedRuns(), clock: systemClock, log, replica: "one" };
}

function anInput(): Uint8Array {
  const sentAt = Date.now();
  const body = { type: "Cancel", reason: "" } as const;
  return encodeInput({ inputId: sortableId(sentAt, Math.random), sentAt, body });
}

async function reasons({ log }: Broker): Promise<Readonly<Record<string, string>>> {
  const letters = (await log.deadLetters(100)).map(({ data }) => {
    const decoded = decodeDeadLetter(data);
    if (decoded.kind !== "ok") throw new Error(decoded.reason);
    return [decoded.value.subject.split(".").slice(3).join("."), decoded.value.reason] as const;
  });
  return Object.fromEntries(letters);
}

onEveryAdapter("the look through the log", (open) => {
  test("sets aside what cannot be understood and what is for no run, and nothing else", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const host = hostOf(broker);
    await host.millrace.submit("f", 1, { key: "there" });
    await publish("0.in.f.f.there", anInput());
    await publish("0.new.f.f.junk", Buffer.from("junk"));
    await publish("0.in.f.f.there", Buffer.from("junk"));
    await publish("0.h.f.there", Buffer.from("junk"));
    await publish("0.in.f.f.nobody", anInput());
    await publish("0.in.f.f.a.b.c", anInput());
    expect(await inspectLog(host, 0, NOW)).toBe(5);
    const found = await reasons(broker);
    expect(Object.keys(found).toSorted()).toEqual([
      "h.f.there",
      "in.f.f.a.b.c",
      "in.f.f.nobody",
      "in.f.f.there",
      "new.f.f.junk",
    ]);
    expect(found["in.f.f.nobody"]).toBe("there is no submission of its run");
    expect(found["h.f.there"]).toContain("cannot be decoded");
    expect(await inspectLog(host, 0, NOW)).toBe(0);
  });

  test("goes on where it was, also in another process, and sets nothing aside twice", async () => {
    const { connect, publish } = open();
    const [one, other] = [await connect(), await connect()];
    await publish("0.in.f.f.first", anInput());
    expect(await inspectLog(hostOf(one), 0, NOW)).toBe(1);
    await publish("0.in.f.f.second", anInput());
    expect(await inspectLog(hostOf(other), 0, NOW)).toBe(1);
    const forgotten = await one.control.read("inspected.0");
    await one.control.write("inspected.0", Buffer.from("junk"), forgotten?.revision ?? 0);
    expect(await inspectLog(hostOf(one), 0, NOW)).toBe(2);
    expect(await one.log.deadLetters(100)).toHaveLength(2);
  });

  test("leaves alone what is too young: its run may be submitted yet", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const host = hostOf(broker);
    await publish("0.in.f.f.soon", anInput());
    expect(await inspectLog(host, 0, { minAgeMs: 600_000, signal })).toBe(0);
    await host.millrace.submit("f", 1, { key: "soon" });
    expect(await inspectLog(host, 0, NOW)).toBe(0);
    expect(await broker.log.deadLetters(100)).toEqual([]);
  });
});
