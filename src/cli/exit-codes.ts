/** What the process says when it ends. Stable: scripts compare them (docs/cli.md, "Exit codes"). */
export const EXIT = Object.freeze({
  ok: 0,
  runNotCompleted: 1,
  /** The two that were compared are not the same. */
  differs: 1,
  usage: 2,
  notFound: 3,
  timeout: 4,
  broker: 5,
  unhealthy: 6,
  refused: 7,
  unchecked: 8,
  internal: 70,
});

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `
Exit codes:
  0   done
  1   the run failed, crashed or was cancelled; diff: they differ;
      replay: the code does not fit
  2   wrong use: an option, a name, the input, or a file that cannot be loaded
  3   there is no such run, namespace, trigger, schedule, webhook or hook
  4   the time given with --timeout is over; the run goes on
  5   no broker could be reached, or it refused
  6   doctor found a check that fails; verify found a flaw
  7   refused by the run's state: its key is taken, it has ended, or it
      cannot be resumed
  8   check: every run that could be checked fits, and some could not
  70  an error in Millrace itself; please report it`;
