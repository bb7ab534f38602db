/**
 * `npm run bench [-- --quick] [--json] [--only <id,id>] [--sync always] [--replicas 3] [--partitions 4] [--profile <folder>]`
 *
 * How to read the table. Everything is measured in one run, on one machine, against one fresh nats-server with its
 * default fsync, so the rows can be compared with each other and with nothing else. The first rows are what the broker
 * gives when nothing but its own client stands before it. An acked publish is the price of anything durable: no row of
 * Millrace can be better than its number of writes (docs/design.md, section 8) times that. This process is the client,
 * the worker is a process of its own. Each number is the median of three rounds, after a warm-up; memory, and what takes
 * long, is measured once. What has to do with suspension has a broker and a worker of its own, which suspends after 20 ms.
 * The rows "per second"
 * keep all three processes busy, so on few cores they tell the CPU that a run costs; the sequential rows tell latency.
 *
 * `--quick` is one short round: it shows that everything works, its numbers mean little. `--only` takes names of
 * measures: `raw submit ingress noop steps large alone roundTrip replay fanOut fanOut10 lateness wakeUps idle signals events schedules check takeOver memory
 * projection projectionPostgres`, and what takes long and is measured only when it is named: `growth manyFlows manyWorkers manyPartitions backlog million
 * takeOverLeak`. The projection is told a log that is made for it, and needs no broker. `--profile` writes CPU profiles of client and worker for each measure, to be opened with a browser's developer tools.
 *
 * `--sync always` has each server fsync before it acks; `--replicas 3` starts three servers on this machine, and keeps three
 * copies of every stream; `--partitions` is the namespace's. The raw limit is that of streams that are kept the same way.
 * Before each measure all is done that the one before left to be done later, such as telling of its runs.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { BenchPlace } from "./bench-place.mjs";
import { LONG, MEASURES, ONCE } from "./measures.mjs";
import { Profiler } from "./profiler.mjs";
import { makeRawStreams } from "./raw-broker.mjs";
import { rowsOf, settingOf, showMarkdown, showTable } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    only: {
      type: "string",
      default: Object.keys(MEASURES)
        .filter((id) => !LONG.has(id))
        .join(","),
    },
    sync: { type: "string" },
    replicas: { type: "string", default: "1" },
    partitions: { type: "string", default: "1" },
    profile: { type: "string" },
  },
});
BenchPlace.broker = {
  sync: options.sync,
  replicas: Number(options.replicas),
  partitions: Number(options.partitions),
};

const ROUNDS = options.quick ? 1 : Number(options.rounds);
const SHARE = options.quick ? 0.1 : 1;
/** Until the code that is measured is compiled. */
const WARM_UP_SHARE = 0.5;

const measures = options.only.split(",").map((id) => {
  const measure = MEASURES[id];
  if (measure !== undefined) return [id, measure];
  throw new Error(`There is no measure ${id}. There are: ${Object.keys(MEASURES).join(" ")}`);
});
if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });

const place = await BenchPlace.open();
try {
  const { raw, server, worker, millrace } = place;
  const { partitions } = BenchPlace.broker;
  await makeRawStreams(raw, BenchPlace.broker);
  const bench = { raw, server, worker, millrace, partitions, cpu: () => place.cpu() };
  const setting = {
    ...settingOf(raw.info?.version),
    ...BenchPlace.broker,
    rounds: ROUNDS,
    share: SHARE,
  };
  for (const [id, measure] of measures) {
    if (ONCE.has(id)) continue;
    tell(`warm-up: ${id}`);
    await measure({ ...bench, share: WARM_UP_SHARE * SHARE });
  }
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const values = {};
    for (const [id, measure] of measures) {
      if (round > 1 && ONCE.has(id)) continue;
      tell(`round ${round} of ${ROUNDS}: ${id}`);
      await place.untilQuiet();
      const profiler = new Profiler(options.profile, `${id}-${round}`, worker);
      await profiler.start();
      Object.assign(values, await measure({ ...bench, share: SHARE }));
      await profiler.stop();
    }
    rounds.push(values);
  }
  tell("");
  const rows = rowsOf(rounds);
  if (options.json) console.log(JSON.stringify({ ...setting, rows }, undefined, 2));
  else console.log((options.markdown ? showMarkdown : showTable)(setting, rows));
} finally {
  await place.close();
}

/** On a terminal, what is going on now. */
function tell(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
