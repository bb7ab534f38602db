import { Command } from "commander";
import { millraceVersion } from "../worker/millrace-version.ts";
import { addArchive } from "./commands/archive.ts";
import { addCancel } from "./commands/cancel.ts";
import { addCheck } from "./commands/check.ts";
import { addDead } from "./commands/dead.ts";
import { addDev } from "./commands/dev.ts";
import { addDiff } from "./commands/diff.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEvents } from "./commands/events.ts";
import { addExplain } from "./commands/explain.ts";
import { addExport } from "./commands/export.ts";
import { addFork } from "./commands/fork.ts";
import { addHooks } from "./commands/hooks.ts";
import { addImport } from "./commands/import.ts";
import { addList } from "./commands/list.ts";
import { addNamespace } from "./commands/namespace.ts";
import { addProjection } from "./commands/projection.ts";
import { addQueue } from "./commands/queue.ts";
import { addQueues } from "./commands/queues.ts";
import { addReplay } from "./commands/replay.ts";
import { addRerun } from "./commands/rerun.ts";
import { addResult } from "./commands/result.ts";
import { addResume } from "./commands/resume.ts";
import { addSchedules } from "./commands/schedules.ts";
import { addServe } from "./commands/serve.ts";
import { addServer } from "./commands/server.ts";
import { addShow } from "./commands/show.ts";
import { addSignal } from "./commands/signal.ts";
import { addStats } from "./commands/stats.ts";
import { addStep } from "./commands/step.ts";
import { addSubmit } from "./commands/submit.ts";
import { addTerminate } from "./commands/terminate.ts";
import { addTimeline } from "./commands/timeline.ts";
import { addToken } from "./commands/token.ts";
import { addTree } from "./commands/tree.ts";
import { addTriggers } from "./commands/triggers.ts";
import { addVerify } from "./commands/verify.ts";
import { addWatch } from "./commands/watch.ts";
import { addWebhooks } from "./commands/webhooks.ts";
import { addWorkers } from "./commands/workers.ts";
import { EXIT_HELP } from "./exit-codes.ts";
import { addGlobalOptions } from "./global-options.ts";
import type { AddCommand, Host } from "./host.ts";

/** The command line with all its commands. Errors are thrown, not printed. */
export function createProgram(host: Host): Command {
  const program = new Command("millrace")
    .description("Durable workflows on NATS JetStream: develop, serve, submit and look at runs.")
    .version(millraceVersion())
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError();
  addGlobalOptions(program);
  for (const add of COMMANDS) add(program, host);
  program.addHelpText("after", `${EXAMPLES}\n${EXIT_HELP}`);
  return program;
}

const COMMANDS: readonly AddCommand[] = [
  addDev,
  addServe,
  addSubmit,
  addResult,
  addList,
  addStats,
  addShow,
  addStep,
  addCheck,
  addExplain,
  addTree,
  addWatch,
  addEvents,
  addDiff,
  addReplay,
  addTimeline,
  addSignal,
  addCancel,
  addTerminate,
  addResume,
  addRerun,
  addFork,
  addWorkers,
  addQueues,
  addQueue,
  addSchedules,
  addTriggers,
  addDead,
  addWebhooks,
  addHooks,
  addServer,
  addToken,
  addNamespace,
  addProjection,
  addArchive,
  addExport,
  addImport,
  addVerify,
  addDoctor,
];

const EXAMPLES = `
Where it connects: --servers, else $NATS_URL, else the broker that "millrace dev" runs in this
folder, else nats://127.0.0.1:4222.

Examples:
  $ millrace dev flows.ts                                a broker and a worker for development
  $ millrace submit checkout '{"cart": 7}' --key order-42 --wait
  $ millrace show checkout:order-42
  $ millrace serve flows.ts -s nats://broker:4222 --limit 50
  $ millrace doctor`;
