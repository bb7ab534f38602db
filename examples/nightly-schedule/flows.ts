import { flow, schedule } from "millrace";

/** Closes the books of the night that it was due in, whenever it is run. */
export const closeBooks = flow("close-books", async (ctx, input: { branch: string }) => {
  // When it was due, not when it runs: a night that is caught up with closes its own books.
  const night = ctx.metadata["millrace.due"] ?? "by hand";
  return ctx.step("close", () => `${input.branch}: books of ${night} closed`);
});

/**
 * In earnest this is `cron: "15 2 * * *", timeZone: "Europe/Berlin"`. Nights are two seconds long here, so that you can wait for
 * some.
 */
export const nightly = schedule("nightly", {
  flow: closeBooks,
  input: { branch: "Oslo" },
  every: "2s",
  // No night may be left out, however long nobody was there; and no two at the same time, in their order.
  catchUp: { mode: "all", limit: 50, grace: "1s" },
  overlap: "queue",
});
