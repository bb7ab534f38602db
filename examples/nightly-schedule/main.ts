/**
 * `npm run example nightly-schedule`: closes the books each night, here every two seconds. After two nights the only worker goes
 * away, as in an outage; when one is there again it closes the books of the nights that were missed.
 */
import { connect, serve } from "millrace";
import { pino } from "pino";
import { closeBooks, nightly } from "./flows.ts";

const millrace = await connect();
const log = pino({ level: "error" });

const first = await serve([closeBooks, nightly], { connection: millrace, log });
// Other nights may have been paused by an earlier start of this program.
await millrace.schedules.resume("nightly");
const { nextAt } = await millrace.schedules.get("nightly");
console.log(await result(nightAt(0)));
console.log(await result(nightAt(1)));
await first.drain();
console.log("nobody is there for three nights");
await until(nightAt(5).getTime() - 500);

const second = await serve([closeBooks, nightly], { connection: millrace, log });
for (let night = 2; night < 6; night++) console.log(await result(nightAt(night)));
console.log("every night is closed");

await millrace.schedules.pause("nightly", "the example is over");
await second.drain();
await millrace.close();

function nightAt(index: number): Date {
  return new Date(nextAt.getTime() + index * 2_000);
}

/** The run of a night has a key that anybody can make: no list of runs is kept. */
async function result(night: Date): Promise<string> {
  const due = night.toISOString().replaceAll(/[-:]|\.000/g, "");
  await until(night.getTime());
  for (;;) {
    try {
      return String(await millrace.attach(`close-books:nightly-${due}`).result());
    } catch (error) {
      // Not submitted yet.
      if (!(error instanceof Error && "code" in error && error.code === "RUN_NOT_FOUND"))
        throw error;
      await until(Date.now() + 100);
    }
  }
}

async function until(time: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));
}
