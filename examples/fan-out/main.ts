/** `npm run example fan-out [file …]`: counts the words of files, each in a run of its own. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { connect, serve } from "millrace";
import { pino } from "pino";
import { countFile, countFiles } from "./flows.ts";

const millrace = await connect();
const worker = await serve([countFiles, countFile], {
  connection: millrace,
  log: pino({ level: "warn" }),
});

const given = process.argv.slice(2).map((file) => resolve(file));
const run = await millrace.submit(countFiles, given.length > 0 ? given : await pages());
console.log(`Run ${run.id}`);
for await (const event of run.events({ follow: true })) {
  if (event.type !== "Annotated" || event.progress === undefined) continue;
  console.log(`${event.progress.done} of ${event.progress.total} files`);
}

const { words, files, failed } = await run.result();
console.log(`${words} words in ${files} files`);
for (const { file, problem } of failed) console.log(`not counted: ${file}: ${problem}`);
const children = await run.children();
console.log(`${children.length} child runs, such as ${children[0]?.id}`);

await worker.drain();
await millrace.close();

/** Without arguments: the documentation, and a file that is not there. */
async function pages(): Promise<readonly string[]> {
  const folder = join(import.meta.dirname, "..", "..", "docs");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".md"));
  return [...names, "missing.md"].map((name) => join(folder, name));
}
