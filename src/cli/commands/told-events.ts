import { type Command, InvalidArgumentError } from "commander";
import type { Duration } from "../../engine/duration.ts";
import { toMilliseconds } from "../../engine/duration.ts";
import { RUN_STATUSES } from "../../engine/run-status.ts";
import type {
  CloudEvent,
  EventRetention,
  Millrace,
  RetainOptions,
  RunStatus,
} from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { Host } from "../host.ts";
import { clockTime, humanBytes, humanDuration } from "../human-time.ts";
import { jsonText } from "../json-of.ts";
import { openExisting } from "../open-connection.ts";
import { countValue, durationValue, sequenceValue, timeOrDurationValue } from "../option-values.ts";
import { printable } from "../printable.ts";
import { readInput } from "../read-input.ts";
import type { Colors } from "../terminal.ts";

/** `millrace events show|set|tail|emit`: what a namespace tells of, beside what is recorded of one run. */
export function addToldEvents(events: Command, host: Host): void {
  addShow(events, host);
  addSet(events, host);
  addTail(events, host);
  addEmit(events, host);
}

function addShow(events: Command, host: Host): void {
  events
    .command("show")
    .description("Show what is told of runs, and what the stream of events keeps.")
    .action(async (_: unknown, command: Command) => {
      await using millrace = await openExisting(command.optsWithGlobals());
      await show(host, millrace);
    });
}

function addSet(events: Command, host: Host): void {
  events
    .command("set")
    .description("Settle what is told of runs, and how long events are kept.")
    .option("--statuses <list>", "statuses of runs that are told, or all, or none", statusesValue)
    .option("--max-age <duration>", "how long an event is kept, such as 7d, or forever", ageValue)
    .option("--max-bytes <n>", "how many bytes are kept, or unlimited", bytesValue)
    .action(async (_: unknown, command: Command) => {
      const { statuses, maxAge, maxBytes } = command.optsWithGlobals<SetOptions>();
      if (statuses === undefined && maxAge === undefined && maxBytes === undefined) {
        throw new CliError("USAGE", "Give --statuses, --max-age or --max-bytes.");
      }
      await using millrace = await openExisting(command.optsWithGlobals());
      if (statuses !== undefined) await millrace.events.configure({ statuses });
      const retain: RetainOptions = {
        ...(maxAge === undefined ? {} : { maxAge }),
        ...(maxBytes === undefined ? {} : { maxBytes }),
      };
      if (Object.keys(retain).length > 0) await millrace.events.retain(retain);
      await show(host, millrace);
    });
}

interface SetOptions extends GlobalOptions, RetainOptions {
  readonly statuses?: readonly RunStatus[];
}

function addTail(events: Command, host: Host): void {
  events
    .command("tail")
    .description("Print what was told: run events, applications' events and Millrace's own.")
    .argument("[types...]", "such as order.created or 'millrace.run.*'; default: all")
    .option("-f, --follow", "go on with what comes")
    .option("--after <sequence>", "only what stands after this place in the stream", sequenceValue)
    .option("--since <time>", "only from this ISO time on, or for so long, such as 1h", sinceValue)
    .action(async (types: readonly string[], _: unknown, command: Command) => {
      const { follow = false, after, since } = command.optsWithGlobals<TailCommandOptions>();
      if (after !== undefined && since !== undefined) {
        throw new CliError("USAGE", "Give --after or --since, not both.");
      }
      await using millrace = await openExisting(command.optsWithGlobals());
      const { terminal } = host;
      const from = after ?? since;
      const asked = { ...(types.length === 0 ? {} : { types }), follow };
      for await (const { sequence, event } of millrace.events.tail(
        from === undefined ? asked : { ...asked, from },
      )) {
        if (terminal.json) terminal.document({ sequence, ...event });
        else terminal.print(line(sequence, event, terminal.colors));
      }
    });
}

interface TailCommandOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly after?: number;
  readonly since?: Date;
}

function addEmit(events: Command, host: Host): void {
  events
    .command("emit")
    .description("Tell that something has happened: publish an application's event.")
    .argument("<type>", "such as order.created")
    .argument("[data]", "JSON, - for stdin, or @<file>")
    .option("--id <id>", "the same id of the same source is the same event")
    .option("--source <uri>", "who tells")
    .option("--subject <text>", "what it is about")
    .action(async (type: string, data: string | undefined, _: unknown, command: Command) => {
      const { id, source, subject } = command.optsWithGlobals<EmitCommandOptions>();
      const value = await readInput(data);
      await using millrace = await openExisting(command.optsWithGlobals());
      const emitted = await millrace.emit(type, value, {
        ...(id === undefined ? {} : { id }),
        ...(source === undefined ? {} : { source }),
        ...(subject === undefined ? {} : { subject }),
      });
      if (host.terminal.json) host.terminal.document(emitted);
      else host.terminal.print(printable(emitted.id));
    });
}

interface EmitCommandOptions extends GlobalOptions {
  readonly id?: string;
  readonly source?: string;
  readonly subject?: string;
}

async function show({ terminal }: Host, { events }: Millrace): Promise<void> {
  const [retention, { statuses }] = await Promise.all([events.retention(), events.settings()]);
  if (terminal.json) return terminal.document({ statuses, ...retention });
  terminal.print(`told of runs  ${statusText(statuses)}`);
  terminal.print(`kept          ${retentionText(retention)}`);
}

function statusText(statuses: readonly RunStatus[]): string {
  if (statuses.length === 0) return "nothing";
  return statuses.length === RUN_STATUSES.length ? "every status" : statuses.join(", ");
}

function retentionText({ maxAgeMs, maxBytes }: EventRetention): string {
  const age = maxAgeMs === 0 ? "forever" : `for ${humanDuration(maxAgeMs)}`;
  return `${age}, ${maxBytes === 0 ? "any number of bytes" : `${humanBytes(maxBytes)} at most`}`;
}

function line(sequence: number, event: CloudEvent, colors: Colors): string {
  const { type, time, subject = event.source, data } = event;
  const place = colors.dim(`${String(sequence).padStart(8)} ${clockTime(new Date(time))}`);
  const isRun = event.dataschema?.startsWith("urn:millrace:run-event:") === true;
  const rest = isRun ? whyOf(data) : jsonText(data);
  const about = `${printable(subject)}  ${printable(rest)}`.trimEnd();
  return `${place} ${colors.bold(printable(type).padEnd(24))} ${about}`;
}

function whyOf(data: unknown): string {
  const { reason, error } = data as { reason?: string; error?: { message: string } };
  return error?.message ?? reason ?? "";
}

function statusesValue(text: string): readonly RunStatus[] {
  if (text === "all") return RUN_STATUSES;
  const names = text === "none" ? [] : text.split(",").map((name) => name.trim());
  const statuses = RUN_STATUSES.filter((status) => names.includes(status));
  if (statuses.length === new Set(names).size) return statuses;
  throw new InvalidArgumentError(`Give all, none, or some of: ${RUN_STATUSES.join(",")}.`);
}

function ageValue(text: string): Duration | "forever" {
  return text === "forever" ? text : durationValue(text);
}

function bytesValue(text: string): number | "unlimited" {
  return text === "unlimited" ? text : countValue(text);
}

function sinceValue(text: string): Date {
  const given = timeOrDurationValue(text);
  return given instanceof Date ? given : new Date(Date.now() - toMilliseconds(given));
}
