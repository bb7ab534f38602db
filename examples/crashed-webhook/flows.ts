import { FatalError, flow, trigger } from "millrace";

/** Its input can kill whoever works on it: after the second death it is closed as crashed, and nobody touches it again. */
export const importFile = flow(
  "import-file",
  { crashes: { limit: 1 } },
  async (ctx, file: string) => {
    await ctx.step("parse", () => {
      if (file.endsWith(".bomb")) process.kill(process.pid, "SIGKILL");
      if (file.endsWith(".txt")) throw new FatalError("NO_TABLE", `${file} has no table`);
    });
    return `${file} imported`;
  },
);

/** On crashed with this tag a webhook, on failed nothing: a failed run says what it has to say by itself. */
export const tellOps = trigger("tell-ops", {
  on: "run.crashed",
  when: { tags: ["origin:backend"] },
  action: {
    webhook: "ops",
    body: "{'run': run.run, 'flow': run.flow, 'tags': run.tags, 'at': event.time}",
  },
});
