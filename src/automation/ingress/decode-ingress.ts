import { checkSubmitOptions } from "../../definition/submit-options.ts";
import { MillraceError } from "../../engine/millrace-error.ts";
import { checkStepName, isPrintable } from "../../engine/names.ts";
import { checkPriority, checkQueueName } from "../../engine/priority.ts";
import { type RunRef, runRef, runRefOfTokens } from "../../engine/run-id.ts";
import type { BusMessage } from "../../ports/message-bus.ts";
import type { BusSubjects, IngressPlace } from "../../wire/bus-subjects.ts";
import type { Decoded } from "../../wire/decoded.ts";
import { decodeOutsideSubmission, type OutsideSubmission } from "../../wire/outside-submission.ts";
import { checkHeaders, type Headers, optionsOfHeaders, single } from "./ingress-headers.ts";
import type {
  CancelRequest,
  IngressInput,
  IngressRequest,
  SignalRequest,
  SubmitRequest,
} from "./ingress-request.ts";
import { RefusedMessage } from "./refused-message.ts";

type Options = SubmitRequest["options"];
type Message = Omit<BusMessage, "stream">;

/**
 * What a message asks for, or why it can never be done: anybody may have published anything. Looks at nothing but the message,
 * and never throws.
 */
export function decodeIngress(subjects: BusSubjects, message: Message): Decoded<IngressRequest> {
  try {
    const place = subjects.ingressPlace(message.subject);
    return { kind: "ok", value: requestOf(place, message) };
  } catch (error) {
    if (error instanceof RefusedMessage || error instanceof MillraceError) {
      return { kind: "foreign", reason: error.message };
    }
    return { kind: "foreign", reason: `it cannot be decoded: ${String(error)}` };
  }
}

function requestOf(place: IngressPlace | undefined, message: Message): IngressRequest {
  switch (place?.kind) {
    case "submit":
      return submitOf(place.flow, message);
    case "signal":
      return signalOf(place, message);
    case "cancel":
      return cancelOf(place, message);
    case "due":
      return place;
    case "order":
    case "dead":
    case undefined:
      throw new RefusedMessage("nothing of Millrace stands on its subject");
  }
}

function submitOf(flow: string, message: Message): SubmitRequest {
  const { headers, data, storedAt } = message;
  checkHeaders(headers, "submit");
  const encoding = encodingOf(headers);
  const sent = encoding === "protobuf" ? submissionOf(flow, data) : undefined;
  const options = optionsOfHeaders(headers);
  const key = single(headers, "millrace-key") ?? sent?.run?.key ?? single(headers, "nats-msg-id");
  if (key !== undefined) checkKey(flow, key);
  return {
    kind: "submit",
    flow,
    key,
    ownKey: `ingress-${originOf(message)}`,
    input: sent === undefined ? { kind: "value", value: jsonOf(data) } : inputOf(sent),
    options: checkedOptions(sent === undefined ? options : merged(sent, options), storedAt),
  };
}

function signalOf(
  { flow, key, name }: Extract<IngressPlace, { kind: "signal" }>,
  message: Message,
): SignalRequest {
  const { headers, data } = message;
  checkHeaders(headers, "signal");
  if (encodingOf(headers) === "protobuf") throw new RefusedMessage("a signal's value is JSON");
  const id = single(headers, "nats-msg-id") ?? `ingress-${originOf(message)}`;
  if (id.length > 256 || !isPrintable(id)) {
    throw new RefusedMessage("its Nats-Msg-Id has more than 256 characters, or control characters");
  }
  return {
    kind: "signal",
    run: runOf(flow, key, headers),
    // A name is encoded as a key is.
    name: checkStepName(runRefOfTokens(flow, name)?.key),
    value: jsonOf(data),
    id,
  };
}

function cancelOf(
  { flow, key }: Extract<IngressPlace, { kind: "cancel" }>,
  message: Message,
): CancelRequest {
  const { headers, data } = message;
  checkHeaders(headers, "cancel");
  return {
    kind: "cancel",
    run: runOf(flow, key, headers),
    reason: single(headers, "millrace-reason") ?? reasonOf(headers, data),
    id: `ingress-${originOf(message)}`,
  };
}

/** Text as it is; JSON text if the message says that it is JSON. */
function reasonOf(headers: Headers, data: Uint8Array): string {
  const type = single(headers, "content-type");
  if (type === undefined || type.startsWith("text/plain")) return textOf(data);
  if (encodingOf(headers) === "protobuf") throw new RefusedMessage("a reason is text");
  const reason = jsonOf(data) ?? "";
  if (typeof reason === "string") return reason;
  throw new RefusedMessage("a reason is text, and its body is other JSON");
}

/** The sequence of the message that its publisher published: another one when it was replayed since. */
function originOf({ headers, sequence }: Pick<BusMessage, "headers" | "sequence">): number {
  const replayed = single(headers, "millrace-replay");
  if (replayed === undefined) return sequence;
  if (/^[1-9]\d{0,14}$/.test(replayed)) return Number(replayed);
  throw new RefusedMessage("header Millrace-Replay is no sequence");
}

/** The header wins: there is no key that cannot stand there. */
function runOf(flow: string, token: string, headers: Headers): RunRef {
  const key = single(headers, "millrace-key");
  if (key !== undefined) return runRef(flow, key);
  const run = runRefOfTokens(flow, token);
  if (run !== undefined) return run;
  throw new RefusedMessage(
    `no key has the form ${JSON.stringify(token.slice(0, 60))} in a subject: give it as header Millrace-Key`,
  );
}

/** Keys that are made of sequences are nobody's own: a later message would be taken for a repeat of this one, and be lost. */
function checkKey(flow: string, key: string): void {
  runRef(flow, key);
  if (!/^ingress-\d+$/.test(key)) return;
  throw new RefusedMessage(`key ${key} is kept for messages without a key: choose another one`);
}

function encodingOf(headers: Headers): "json" | "protobuf" {
  const coding = single(headers, "content-encoding");
  if (coding !== undefined && coding !== "identity") {
    throw new RefusedMessage(`its Content-Encoding ${shown(coding)} is not known`);
  }
  const type = single(headers, "content-type");
  const [mediaType = ""] = (type ?? "application/json").toLowerCase().split(";");
  const name = mediaType.trim();
  if (name === "application/protobuf" || name === "application/x-protobuf") return "protobuf";
  if (/^application\/(?:[a-z0-9.-]+\+)?json$/.test(name)) return "json";
  throw new RefusedMessage(
    `its Content-Type ${shown(type ?? "")} is not known: publish application/json or application/protobuf`,
  );
}

function submissionOf(flow: string, data: Uint8Array): OutsideSubmission {
  const decoded = decodeOutsideSubmission(data);
  if (decoded.kind === "foreign") {
    throw new RefusedMessage(`its body is no Submission: ${decoded.reason}`);
  }
  const { run } = decoded.value;
  if (run === undefined || run.flow === flow) return decoded.value;
  throw new RefusedMessage(`its body is for flow ${run.flow}, and its subject for ${flow}`);
}

/** What a header says wins over what stands in the body. */
function merged(sent: OutsideSubmission, headers: Options): Options {
  const { queue, tags, metadata, attributes, startAt, deadlineAt } = sent;
  const isTimed = startAt !== 0 && headers.delay === undefined;
  return {
    tags,
    attributes,
    ...(queue === "" ? {} : { queue }),
    ...(isTimed ? { at: startAt } : {}),
    ...(deadlineAt === 0 ? {} : { deadline: new Date(deadlineAt) }),
    ...headers,
    metadata: { ...metadata, ...headers.metadata },
  };
}

function inputOf({ input }: OutsideSubmission): IngressInput {
  if (ENCODINGS.has(input.encoding)) return { kind: "payload", payload: input };
  throw new RefusedMessage(`its input has the unknown encoding ${shown(input.encoding)}`);
}

const ENCODINGS: ReadonlySet<string> = new Set(["undefined", "json", "devalue", "binary"]);

/** Times are told from when the broker had the message, however long it has waited. */
function checkedOptions(options: Options, storedAt: number): Options {
  const { at: _at, delay: _delay, deadline: _deadline, ...rest } = options;
  const { startAt, deadlineAt } = checkSubmitOptions(options, storedAt);
  if (rest.queue !== undefined) checkQueueName(rest.queue);
  checkPriority(rest.priority);
  return {
    ...rest,
    ...(startAt === 0 ? {} : { at: startAt }),
    ...(deadlineAt === 0 ? {} : { deadline: new Date(deadlineAt) }),
  };
}

function jsonOf(data: Uint8Array): unknown {
  if (data.length === 0) return undefined;
  try {
    return JSON.parse(textOf(data)) as unknown;
  } catch (error) {
    if (error instanceof RefusedMessage) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RefusedMessage(`its body is not JSON: ${reason.slice(0, 200)}`);
  }
}

function textOf(data: Uint8Array): string {
  try {
    return decoder.decode(data);
  } catch {
    throw new RefusedMessage("its body is not UTF-8");
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
