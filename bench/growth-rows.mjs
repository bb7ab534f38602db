/** How many runs are stored. */
export const SIZES = { small: 1_000, middle: 100_000, large: 1_000_000 };

/** What is asked of each of them. */
export const COSTS = {
  growSubmit: "submit",
  growKeyed: "submit with a key, by name",
  growNoop: "no-op flow, submit to result, 256 in flight",
  growStep: "a step of a run alone",
  growResume: "resume a run of 100 steps",
  growResult: "read one of the last 1,000 results",
  growAny: "read any result",
  growDetails: "read the details of one of the last 1,000 runs",
  growMissing: "look for a run that is not there",
  growExplain: "explain one of the last 1,000 runs",
  growWorker: "a worker joins",
  growQueue: "a worker with a new queue joins",
};

/** Three rows for each: the cost with 1,000 runs stored, and the ratio to it with more. */
export const GROWTH_ROWS = [
  ...Object.entries(COSTS).flatMap(([id, name]) => [
    { id, name: `${name}, 1,000 runs stored`, unit: "ms" },
    { id: `${id}_middle`, name: "  with 100,000", unit: "×", aim: 1.2 },
    { id: `${id}_large`, name: "  with 1,000,000", unit: "×", aim: 1.2 },
  ]),
  { id: "growServerPerRun", name: "nats-server's memory for a stored run", unit: "B" },
  { id: "growStoredPerRun", name: "  stored for it", unit: "B" },
  { id: "growServerStart", name: "  nats-server starts with 1,000,000", unit: "s" },
];
