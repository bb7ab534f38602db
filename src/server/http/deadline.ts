import type { Api, ApiHost } from "./api-host.ts";
import { ApiError } from "./problem.ts";
import { sendProblem } from "./problem-replies.ts";

/** A request that takes too long is answered: what it asked for may happen all the same. Routes that wait see to it themselves. */
export function addDeadline(api: Api, { limits, clock }: ApiHost): void {
  api.addHook("preHandler", (request, reply, done) => {
    if (request.routeOptions.config.waits !== true) {
      const cancel = clock.after(limits.answerMs, () => {
        if (reply.sent) return;
        const late = `Nothing came of it in ${limits.answerMs} ms. It may have been done: look before you ask again.`;
        sendProblem(new ApiError("TOO_SLOW", late), request, reply);
      });
      reply.raw.once("close", cancel);
    }
    done();
  });
}
