import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ArrivedMessage,
  type DeliveryDecision,
  decideDelivery,
  type Head,
  speaksFor,
} from "../../src/engine/delivery-rules.ts";
import { isActive, isClosed } from "../../src/engine/frame.ts";
import { anyStatus } from "./support/arbitraries.ts";

const TOKEN = 10;
const LATER = 20;

function head(status: Head["status"], inboxFolded = 0): Head {
  return { status, token: TOKEN, inboxFolded };
}

function message(of: Partial<ArrivedMessage>): ArrivedMessage {
  return {
    kind: "wake",
    sequence: LATER,
    redelivered: false,
    stale: false,
    replaces: [],
    resume: false,
    ...of,
  };
}

test.each<[string, Head | undefined, Partial<ArrivedMessage>, DeliveryDecision]>([
  ["a submission that nobody took up starts", undefined, { kind: "new" }, "start"],
  [
    "one that came before is exchanged first, or its late ack would take the run's token away (I4)",
    undefined,
    { kind: "new", redelivered: true },
    "exchange",
  ],
  ["a wake for a run without a frame activates it", undefined, { kind: "wake" }, "activate"],
  [
    "and is exchanged when it was delivered before",
    undefined,
    { kind: "wake", redelivered: true },
    "exchange",
  ],
  ["an input for a run that has no frame is nobody's token", undefined, { kind: "input" }, "ack"],
  [
    "the token of an active run, come as if for the first time, is guarded: its holder may be well",
    head("running"),
    { kind: "new", sequence: TOKEN },
    "guard",
  ],
  [
    "a stale wake that names the token is exchanged: somebody may have had it",
    head("running"),
    { ...wakeFor(TOKEN), stale: true },
    "exchange",
  ],
  [
    "a stale message for a released run is exchanged",
    head("released"),
    { stale: true },
    "exchange",
  ],
  [
    "a stale submission that nobody took up starts: its first frame is the fence",
    undefined,
    { kind: "new", stale: true },
    "start",
  ],
  [
    "the token come again is exchanged for a wake",
    head("running"),
    { kind: "new", sequence: TOKEN, redelivered: true },
    "exchange",
  ],
  ["a wake that names the token takes the run over", head("running"), wakeFor(TOKEN), "activate"],
  [
    "a wake for an older token asks the holder of the newer one",
    head("running"),
    wakeFor(TOKEN - 1),
    "ask",
  ],
  ["an input for a held run asks its holder", head("awaiting-retry"), { kind: "input" }, "ask"],
  [
    "a redelivered stranger asks too: it is not the token",
    head("cancelling"),
    { redelivered: true },
    "ask",
  ],
  ["a suspended run is activated by an input", head("suspended"), { kind: "input" }, "activate"],
  ["a released run is activated by its wake", head("released"), wakeFor(TOKEN), "activate"],
  [
    "a released run is not activated by a message that came before",
    head("released"),
    { redelivered: true },
    "exchange",
  ],
  ["a completed run needs nothing", head("completed"), { kind: "new", sequence: TOKEN }, "ack"],
  ["a cancelled run cannot be resumed", head("cancelled"), { resume: true }, "ack"],
  ["a completed run cannot be resumed", head("completed"), { resume: true }, "ack"],
  ["a failed run is resumed by hand", head("failed"), { resume: true }, "activate"],
  ["a crashed run is resumed by hand", head("crashed"), { resume: true }, "activate"],
  ["a parked run is resumed by hand", head("parked"), { resume: true }, "activate"],
  [
    "a resume that came before is exchanged",
    head("parked"),
    { resume: true, redelivered: true },
    "exchange",
  ],
  [
    "a resume that the history has folded only came again",
    head("failed", LATER),
    { resume: true },
    "ack",
  ],
  ["a parked run waits for a resume and for nothing else", head("parked"), wakeFor(TOKEN), "ack"],
])("%s", (_, last, of, decision) => {
  expect(decideDelivery(last, message(of))).toBe(decision);
});

function wakeFor(token: number): Partial<ArrivedMessage> {
  return { kind: "wake", replaces: [token] };
}

test("a redelivered message never becomes a token (I4)", () => {
  fc.assert(
    fc.property(anyHead, anyMessage, (last, arrived) => {
      const decision = decideDelivery(last, { ...arrived, redelivered: true });
      expect(["ack", "ask", "exchange"]).toContain(decision);
    }),
  );
});

test("beside a head, a stale message never becomes a token (I4)", () => {
  fc.assert(
    fc.property(anyHead, anyMessage, (last, arrived) => {
      fc.pre(last !== undefined);
      const decision = decideDelivery(last, { ...arrived, stale: true });
      expect(["ack", "ask", "exchange", "guard"]).toContain(decision);
    }),
  );
});

test("an active run goes on elsewhere only by a message that speaks for its token", () => {
  fc.assert(
    fc.property(anyHead, anyMessage, (last, arrived) => {
      fc.pre(last !== undefined && isActive(last.status) && !speaksFor(arrived, last.token));
      expect(decideDelivery(last, arrived)).toBe("ask");
    }),
  );
});

test("a closed run is touched by nothing but a resume", () => {
  fc.assert(
    fc.property(anyHead, anyMessage, (last, arrived) => {
      fc.pre(last !== undefined && isClosed(last.status));
      expect(decideDelivery(last, { ...arrived, resume: false })).toBe("ack");
    }),
  );
});

const anySequence = fc.integer({ min: 1, max: 30 });
const anyHead = fc.option(
  fc.record({ status: anyStatus, token: anySequence, inboxFolded: anySequence }),
  { nil: undefined },
);
const anyMessage = fc.record({
  kind: fc.constantFrom("new", "wake", "input"),
  sequence: anySequence,
  redelivered: fc.boolean(),
  stale: fc.boolean(),
  replaces: fc.array(anySequence, { maxLength: 3 }),
  resume: fc.boolean(),
});
