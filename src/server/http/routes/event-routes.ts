import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { RecordedEvent, RunHandle } from "../../../client/run-handle.ts";
import { isClosed } from "../../../engine/frame.ts";
import { RUN_STATUSES } from "../../../engine/run-status.ts";
import { InvalidOptionError } from "../../../engine/usage-errors.ts";
import { ChangeTail } from "../../events/change-tail.ts";
import { EventStream, type ServerSentEvent } from "../../events/event-stream.ts";
import { formatPosition } from "../../events/log-position.ts";
import type { RunChange } from "../../events/run-change.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { eventJson } from "../event-json.ts";
import { ApiError } from "../problem.ts";
import { CLOSED, RunIdParams } from "../schemas/schema-parts.ts";

/** What happens, as it happens, by server-sent events. Whoever is cut off goes on with the last id: nothing is lost or told twice. */
export const eventTopic: Topic = { routes: addEventRoutes };

function addEventRoutes(api: Api, host: ApiHost): void {
  const streams = new OpenStreams(host);
  const tail = new ChangeTail(host, { ringSize: host.limits.liveChanges });
  api.addHook("onClose", async () => tail.stop());
  api.get(
    "/events",
    {
      config: { scope: "read", waits: true },
      schema: {
        operationId: "streamChanges",
        summary: "Changes of runs' statuses, live",
        description:
          "Server-sent events, from now on or after an id. First `ready`, or `reset` when there is no going on from that id, so that " +
          "what is shown has to be read again; then `change` with a run's id, flow, queue and status. A status may be told twice, with another sequence.",
        tags: ["runs"],
        querystring: Type.Object(
          {
            flow: Type.Optional(NamesOf("flows")),
            status: Type.Optional(NamesOf("statuses")),
            after: After,
          },
          CLOSED,
        ),
        response: { 200: STREAM },
      },
    },
    async (request, reply) => {
      const { flow, status, after } = request.query;
      const isWanted = filterOf(namesIn(flow), namesIn(status));
      await streams.open(reply, async (open) => {
        const last = lastIdOf(request, after);
        const place = await tail.place(last);
        const stream = open();
        const isLost = last !== undefined && !place.resumed;
        const start = formatPosition(place.log, place.position);
        await stream.send([{ event: isLost ? "reset" : "ready", id: start, data: {} }]);
        for await (const { changes, id } of tail.follow(place, stream.closed)) {
          const wanted = changes.filter(({ change }) => isWanted(change));
          await stream.send(
            wanted.map((told) => ({ event: "change", id: told.id, data: told.change })),
          );
          stream.moveTo(id);
        }
      });
      return reply;
    },
  );
  api.get(
    "/runs/:id/events",
    {
      config: { scope: "read", waits: true, problems: [404] },
      schema: {
        operationId: "streamRunEvents",
        summary: "The events of a run, live",
        description:
          "Server-sent events, from the start or after an id: each recorded event by its type, as in the run's history, and `end` with the " +
          "status when the run has ended. 204 when there is nothing after the id, and nothing will come.",
        tags: ["runs"],
        params: RunIdParams,
        querystring: Type.Object({ after: After }, CLOSED),
        response: {
          200: STREAM,
          204: Type.Null({ description: "The run has ended, and all was told." }),
        },
      },
    },
    async (request, reply) => {
      const run = host.millrace.attach(request.params.id);
      const after = placeIn(lastIdOf(request, request.query.after));
      if ((await run.state()).closed && (await isAllTold(run, after))) {
        return reply.code(204).send(null);
      }
      await streams.open(reply, async (open) => {
        const stream = open();
        for await (const event of eventsAfter(run, after, stream.closed)) {
          await stream.send([event]);
        }
        if (stream.closed.aborted) return;
        const { status } = await run.state();
        if (isClosed(status)) await stream.send([{ event: "end", data: { status } }]);
      });
      return reply;
    },
  );
}

/** The streams that are open: not more than the limit, none for ever, and none when the server stops. */
class OpenStreams {
  readonly #host: ApiHost;
  #count = 0;

  constructor(host: ApiHost) {
    this.#host = host;
  }

  /**
   * Lets `feed` open a stream and send to it; ends it when it is done, old, or the server stops.
   * @throws {@link ApiError} when too many are open, and what `feed` throws before it has opened one.
   */
  async open(reply: FastifyReply, feed: (open: () => EventStream) => Promise<void>): Promise<void> {
    const { clock, limits, log, stopping } = this.#host;
    if (this.#count >= limits.streams) {
      throw new ApiError(
        "TOO_MANY_STREAMS",
        `This server has ${limits.streams} streams open. Ask another replica, or close one.`,
      );
    }
    this.#count++;
    let stream: EventStream | undefined;
    const end = (): void => stream?.end();
    const cancelEnd = clock.after(limits.streamMs, end);
    stopping.addEventListener("abort", end);
    const open = (): EventStream => {
      reply.hijack();
      const { heartbeatMs, slowClientMs: slowMs } = limits;
      stream = new EventStream(reply.raw, reply.getHeaders(), clock, { heartbeatMs, slowMs });
      if (stopping.aborted) stream.end();
      return stream;
    };
    try {
      await feed(open);
    } catch (error) {
      if (stream === undefined) throw error;
      // The client comes back, and is told then what is wrong.
      if (!stopping.aborted) log.warn({ err: error }, "A stream of events broke off");
    } finally {
      this.#count--;
      cancelEnd();
      stopping.removeEventListener("abort", end);
      end();
    }
  }
}

async function* eventsAfter(
  run: RunHandle,
  after: EventPlace,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  // The frame with the last event may hold more of them.
  const events = run.events({ from: Math.max(0, after.sequence - 1), follow: true, signal });
  try {
    for await (const event of events) {
      if (isAfter(event, after)) yield sseOf(event);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function isAllTold(run: RunHandle, after: EventPlace): Promise<boolean> {
  if (after.sequence === 0) return false;
  for await (const event of run.events({ from: after.sequence - 1 })) {
    if (isAfter(event, after)) return false;
  }
  return true;
}

/** An event of a run: the frame's sequence, and its number there. */
interface EventPlace {
  readonly sequence: number;
  readonly index: number;
}

function isAfter(event: RecordedEvent, { sequence, index }: EventPlace): boolean {
  return event.sequence > sequence || (event.sequence === sequence && event.index > index);
}

function sseOf(event: RecordedEvent): ServerSentEvent {
  return { event: event.type, id: `${event.sequence}.${event.index}`, data: eventJson(event) };
}

/** @throws {@link InvalidOptionError} */
function placeIn(text: string | undefined): EventPlace {
  if (text === undefined) return { sequence: 0, index: -1 };
  const [, sequence, index] = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (sequence === undefined) {
    throw new InvalidOptionError("after", text, "give the id of an event of this run");
  }
  return { sequence: Number(sequence), index: index === undefined ? ALL : Number(index) };
}

/** What a browser that reconnects says, or else what the address says. */
function lastIdOf({ headers }: FastifyRequest, after: string | undefined): string | undefined {
  const last = headers["last-event-id"];
  return typeof last === "string" && last !== "" ? last.slice(0, MAX_ID) : after;
}

function filterOf(
  flows: readonly string[] | undefined,
  statuses: readonly string[] | undefined,
): (change: RunChange) => boolean {
  const unknown = statuses?.find((status) => !RUN_STATUSES.some((known) => known === status));
  if (unknown !== undefined) {
    throw new InvalidOptionError("status", unknown, `give one of ${RUN_STATUSES.join(", ")}`);
  }
  return ({ flow, status }) =>
    (flows === undefined || flows.includes(flow)) &&
    (statuses === undefined || statuses.includes(status));
}

function namesIn(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === "" ? undefined : text.split(",");
}

const MAX_ID = 1_024;
const ALL = Number.MAX_SAFE_INTEGER;

const After = Type.Optional(
  Type.String({
    maxLength: MAX_ID,
    description:
      "The id of the last event that was received; a `Last-Event-ID` header goes before it.",
  }),
);

function NamesOf(what: string) {
  return Type.String({ maxLength: 4_096, description: `Only these ${what}, with commas between.` });
}

const STREAM = Object.freeze({
  description: "Server-sent events.",
  content: { "text/event-stream": { schema: { type: "string" } } },
});
