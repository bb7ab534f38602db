// @ts-check
/** What stands in the ledger. */

/**
 * A worker or client process that began its work. `id` is a worker's own, as histories show it.
 * @typedef {{ kind: "process", who: string, pid: number, id: string, build: string }} ProcessEntry
 *
 * It has ended, whatever ended it.
 * @typedef {{ kind: "ended", who: string, pid: number }} EndedEntry
 *
 * An execution of a step: it was begun, or it came to its end. `worker` is the worker's id, `undoes` what a compensation is for.
 * @typedef {{ kind: "start" | "end", run: string, step: string, attempt: number, worker: string, execution: number, undoes?: string }} EffectEntry
 *
 * A client is about to submit a plan for the first time.
 * @typedef {{ kind: "intended", who: string, plan: number, run: string }} IntendedEntry
 *
 * The broker confirmed it.
 * @typedef {{ kind: "accepted", who: string, plan: number, run: string }} AcceptedEntry
 *
 * A signal was stored, or a stop asked for. `number` counts the plan's signals from 1.
 * @typedef {{ kind: "signalled", who: string, plan: number, run: string, number: number }} SignalledEntry
 * @typedef {{ kind: "stopped", who: string, plan: number, run: string }} StoppedEntry
 *
 * What a client was given as the run's end.
 * @typedef {{ kind: "result", who: string, plan: number, run: string, end: import("../load/model.mjs").End }} ResultEntry
 *
 * The client has nothing more to do for this plan.
 * @typedef {{ kind: "done", who: string, plan: number, run: string }} DoneEntry
 *
 * @typedef {{ kind: "struck", strike: number, fault: string, what: string, target?: string, clockShiftMs?: number, pid?: number }} StruckEntry
 * @typedef {{ kind: "healed", strike: number, fault: string }} HealedEntry
 *
 * @typedef {ProcessEntry | EndedEntry | EffectEntry | IntendedEntry | AcceptedEntry | SignalledEntry | StoppedEntry | ResultEntry | DoneEntry | StruckEntry | HealedEntry} NewEntry
 *
 * `n` counts all entries from 1; `at` is the ledger's clock, in milliseconds since 1970.
 * @typedef {NewEntry & { n: number, at: number }} Entry
 */
