/** The archiver follows the policies, and asks the log. On the in-memory broker, with time by hand. */
import { expect, onTestFinished, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import type { TimeWindow } from "../../src/engine/run-query.ts";
import { type Archiver, startArchiver } from "../../src/server/archiver.ts";
import { Stage } from "../contract/support/stage.ts";
import { until } from "../e2e/support/until.ts";
import { FoldedRuns } from "./support/folded-runs.ts";
import { replicaOf } from "./support/replica.ts";

const HOUR = 3_600_000;
const go = signal("go");
const done = flow("done", async (ctx) => ctx.step("one", () => 1));
const kept = flow("kept", async () => "kept");
const open = flow("open", async (ctx) => ctx.receive(go));

class Office extends Stage {
  readonly runs = new FoldedRuns(this.broker);

  archiver(name = "one", given = {}): Archiver & { crash(): void } {
    const replica = replicaOf(this.broker, name, this.runs);
    const archiver = startArchiver(replica, given);
    const isUp = (): boolean => replica.connection.state === "running";
    onTestFinished(async () => (isUp() ? this.clock.until(archiver.stop()) : undefined));
    return {
      stop: () => archiver.stop(),
      crash: () => replica.connection.crash(),
      get status() {
        return archiver.status;
      },
    };
  }

  async filled(): Promise<void> {
    await this.hire(() => [done, kept, open], { suspendAfter: 0 });
    for (let at = 0; at < 5; at++) await this.submit("done", `d${at}`);
    await this.submit("kept");
    await this.submit("open");
    await this.clock.advance(1_000);
  }

  /** Time goes by until it is so: a file is packed by threads that know nothing of this clock. */
  untilSo(fact: string, isSo: () => boolean): Promise<boolean> {
    return until(fact, async () => {
      await this.clock.advance(1_000);
      return isSo();
    });
  }

  archived(): readonly string[] {
    return this.runs.rows.filter(({ archived }) => archived !== "").map(({ id }) => id);
  }
}

test("runs go to the archive when their flow's time is over, and no others", async () => {
  const office = new Office();
  await office.filled();
  const { archive } = office.client;
  await office.clock.until(archive.setPolicy({ flow: "done", after: "1h" }));
  const archiver = office.archiver();
  await office.clock.advance(0.9 * HOUR);
  expect(office.archived()).toEqual([]);
  await office.clock.advance(0.2 * HOUR);
  await office.untilSo("those of one flow are there", () => office.archived().length === 5);
  expect(office.archived()).toEqual(["done:d0", "done:d1", "done:d2", "done:d3", "done:d4"]);
  expect(archiver.status).toEqual({ isAtWork: true, archived: 5, skipped: 0, failed: 0 });

  await office.clock.until(archive.setPolicy({ after: "30m" }));
  await office.untilSo("the other flow's is there", () => office.archived().length === 6);
  expect(office.runs.rows.find(({ flow: name }) => name === "open")).toMatchObject({
    archived: "",
    status: "suspended",
  });
});

test("what an archiver left by half when it was killed, another one completes", async () => {
  const office = new Office();
  await office.filled();
  await office.clock.until(office.client.archive.setPolicy({ flow: "done", after: "1h" }));
  await office.clock.advance(2 * HOUR);
  const first = office.archiver("one", { concurrency: 2 });
  // It has put a frame in the place of a history, and dies before it has marked a submission.
  let frames = 0;
  office.broker.inject({
    afterWrite: ({ kind, process }) => {
      if (kind === "roll up" && ++frames === 1) process.crash();
    },
  });
  await office.untilSo("it died", () => frames === 1);
  office.broker.inject({});
  expect(office.archived()).toEqual([]);
  first.crash();

  const second = office.archiver("two");
  await office.untilSo("all are there", () => second.status.archived === 5);
  expect(second.status.failed).toBe(0);
  expect(office.archived()).toHaveLength(5);
  for (const id of office.archived()) {
    expect(await office.clock.until(office.client.attach(id).result())).toBe(1);
    await office.clock.until(office.client.archive.verify(id));
  }
});

test("of two replicas one archives at a time, and the other takes its place", async () => {
  const office = new Office();
  await office.filled();
  await office.clock.until(office.client.archive.setPolicy({ flow: "done", after: "1h" }));
  const [one, two] = [office.archiver("one"), office.archiver("two")];
  await office.clock.advance(2_000);
  expect(one.status.isAtWork).toBe(!two.status.isAtWork);
  const [busy, idle] = one.status.isAtWork ? [one, two] : [two, one];
  busy.crash();
  await office.clock.advance(2 * HOUR);
  await office.untilSo("the other one has done it", () => idle.status.archived === 5);
});

test("what was looked at once is looked at again after an hour only, and at once when it failed", async () => {
  const office = new Office();
  await office.filled();
  await office.clock.until(office.client.archive.setPolicy({ flow: "done", after: "1h" }));
  await office.clock.advance(2 * HOUR);
  const looks: (TimeWindow | undefined)[] = [];
  const list = office.runs.list.bind(office.runs);
  office.runs.list = (query, page) => {
    looks.push(query.closed);
    return list(query, page);
  };
  office.broker.inject({
    beforeWrite: ({ kind }) => (kind === "roll up" ? "not stored" : "stored"),
  });
  const archiver = office.archiver();
  await office.untilSo("it failed", () => archiver.status.failed > 0);
  office.broker.inject({});
  await office.untilSo("all are there", () => office.archived().length === 5);
  await office.untilSo("it has looked again", () => looks.at(-1)?.from !== undefined);
  expect(looks.slice(0, 2).map((look) => look?.from)).toEqual([undefined, undefined]);
  const windows = looks.length;
  await office.clock.advance(HOUR);
  expect(looks.slice(windows).filter((look) => look?.from === undefined)).toHaveLength(1);
});
