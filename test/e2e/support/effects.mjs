import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { settings } from "./settings.mjs";

/**
 * Does what a step is there for, as far as the test can tell: adds a line to the ledger, which no crash takes back. The
 * crash point `before-step` dies just before it.
 */
export function effect(info, extra = {}) {
  if (settings.crash?.point === "before-step" && settings.crash.step === info.step) die();
  note({ run: info.runId, step: info.step, attempt: info.attempt, ...extra });
}

/** Writes a line into the ledger in one append. */
export function note(entry) {
  const line = JSON.stringify({ pid: process.pid, at: Date.now(), ...entry });
  appendFileSync(settings.ledger, `${line}\n`);
}

/** Waits until the test opens the gate, for everybody or for this process alone, or the signal aborts. */
export async function gate(name, signal) {
  while (!isOpen(name)) {
    if (signal?.aborted) throw signal.reason;
    await delay(10);
  }
}

/** True once the test has opened the gate, for everybody or for this process alone. */
export function isOpen(name) {
  const places = [`${settings.gates}/${name}`, `${settings.gates}/${name}.${process.pid}`];
  return places.some((place) => existsSync(place));
}

/** As `kill -9` does it: nothing more is written, not even what is buffered. */
export function die() {
  process.kill(process.pid, "SIGKILL");
}
