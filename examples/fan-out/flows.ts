import { readFile } from "node:fs/promises";
import { flow, task } from "millrace";

export interface Counted {
  readonly words: number;
  readonly files: number;
  readonly failed: readonly { readonly file: string; readonly problem: string }[];
}

/** Submitted for each file, so it is a run of its own: on any worker, with its own retries and its own place in lists. */
export const countFile = task(
  "count-file",
  { retry: { attempts: 2, delays: ["100ms"] }, timeout: "1m" },
  async (file: string) => {
    const text = await readFile(file, "utf8");
    return text.split(/\s+/).filter((word) => word !== "").length;
  },
);

/** One child run per file, at most 20 open at a time. A file that fails does not keep the others from being counted. */
export const countFiles = flow("count-files", async (ctx, files: readonly string[]) => {
  let done = 0;
  const results = await ctx.all(
    files,
    async (file) => {
      const child = await ctx.submit(countFile, file, { tags: [`file:${file}`.slice(0, 256)] });
      const result = await child.result().catch((error: Error) => problemOf(error));
      ctx.progress(++done, files.length, file);
      return { file, result };
    },
    { concurrency: 20 },
  );
  const counts = results.flatMap(({ result }) => (typeof result === "number" ? [result] : []));
  const failed = results.flatMap(({ file, result }) =>
    typeof result === "number" ? [] : [{ file, ...result }],
  );
  const words = counts.reduce((sum, count) => sum + count, 0);
  return { words, files: counts.length, failed } satisfies Counted;
});

/** The child's failure is a `RunFailedError`; its cause is what the task threw. */
function problemOf({ message, cause }: Error): { readonly problem: string } {
  return { problem: cause instanceof Error ? cause.message : message };
}
