/** What the test that started this process wants of it: one JSON argument. */
export const settings = JSON.parse(process.argv[2] ?? "{}");

/** Tells the test something, as a line of JSON. */
export function report(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

/** Ends this process when the test's own process has ended, however that happened. Does not keep it alive. */
export function endWithParent() {
  process.stdin.on("end", () => process.exit(1));
  process.stdin.resume();
  process.stdin.unref();
}
