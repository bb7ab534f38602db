/** The lines that `npm start` shows for an event. `workerOf` gives the worker process of a worker's id. */
export function describeEvent(event, workerOf) {
  const time = new Date(event.at).toTimeString().slice(0, 8);
  return textOf(event, workerOf).map((text, at) => `${at === 0 ? time : "        "}  ${text}`);
}

function textOf(event, workerOf) {
  switch (event.type) {
    case "Activated":
      return activated(event, workerOf);
    case "StepCompleted":
      return [`step ${event.step} completed on ${holder} (${seconds(event.at - event.startedAt)})`];
    case "StepAttemptFailed":
      return [
        `step ${event.step} failed on ${holder}, tried again in ${seconds(event.retryAt - event.at)}`,
      ];
    case "StepFailed":
      return [`step ${event.step} failed for good`];
    case "TimerSet":
      return [`sleeping for ${seconds(event.fireAt - event.at)}`];
    case "TimerFired":
      return ["slept enough"];
    case "Released":
      return [`given up by ${holder} in good order`];
    case "Completed":
    case "Failed":
    case "Crashed":
    case "Cancelled":
      return [event.type.toLowerCase()];
    default:
      return [];
  }
}

/** The worker that holds the run; later events come from it until the next activation. */
let holder = "";

function activated({ worker, reason, epoch }, workerOf) {
  const found = workerOf(worker);
  holder = found === undefined ? worker : `${found.name} (pid ${found.pid})`;
  const how = reason === "takeover" ? "taken over by" : epoch === 1 ? "taken by" : "continued by";
  const first = `${how} ${holder}${reason === "takeover" ? ": what is recorded is not run again" : ""}`;
  if (found === undefined) return [first];
  return [first, `kill it:  kill -9 ${found.pid}   and watch another worker go on`];
}

function seconds(ms) {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}
