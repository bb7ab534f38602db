import { syntheticRun } from "./synthetic-feed.mjs";

const DAY_MS = 86_400_000;

/** What is searched, by the ids of its rows: common and rare, found and not. */
export async function searchesOf(view, runs) {
  const old = syntheticRun(Math.floor(runs / 5), runs);
  const day = new Date(old.submittedAt);
  const days = (count) => new Date(old.submittedAt + count * DAY_MS);
  const child = (await view.list({ root: "flow-0:parent-7" }, { limit: 1 })).rows[0];
  const failed = (await view.list({ status: "failed" }, { limit: 1 })).rows[0];
  const { customer } = old.attributes;
  return {
    searchAll: {},
    searchFlow: { flow: "flow-19" },
    searchRare: { status: "suspended" },
    searchCommon: { status: "completed" },
    searchNone: { status: "parked" },
    searchQueue: { queue: "slow" },
    searchKey: { key: old.run.key },
    searchPrefix: { key: { prefix: "order-1" } },
    searchTag: { tags: ["job:42"] },
    searchTags: { tags: ["small", "vip"] },
    searchAnyTag: { anyTag: ["job:42", "vip", "large"] },
    searchSubmitted: { submitted: { from: day, to: days(1) } },
    searchStarted: { started: { from: day, to: days(30) } },
    searchClosed: { closed: { from: day, to: days(30) } },
    searchParent: { parent: child?.parent ?? "" },
    searchRoot: { root: child?.root ?? "" },
    searchWorker: { worker: "w1" },
    searchFingerprint: { fingerprint: failed?.errorFingerprint ?? "" },
    searchText: { text: "timeout card" },
    searchTextRare: { text: "zebra" },
    searchAttribute: { attributes: [{ name: "customer", is: "=", value: customer }] },
    searchNumber: { attributes: [{ name: "amount", is: ">", value: 9_000 }] },
    searchFlowStatus: { flow: "flow-3", status: "failed", submitted: { from: day, to: days(30) } },
    searchTagStatus: { tags: ["small"], status: "failed" },
    searchFlowAttribute: {
      flow: "flow-0",
      attributes: [{ name: "customer", is: "=", value: customer }],
    },
    searchByClosed: { status: "failed", order: { by: "closed", direction: "descending" } },
    searchByUpdated: { flow: "flow-19", order: { by: "updated", direction: "descending" } },
  };
}
