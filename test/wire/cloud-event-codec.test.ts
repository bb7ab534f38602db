import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../src/engine/cloud-event.ts";
import {
  type AnyMessage,
  cloudEventOf,
  decodeCloudEvent,
  encodeCloudEvent,
} from "../../src/wire/cloud-event-codec.ts";

const STORED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);

const event: CloudEvent = {
  specversion: "1.0",
  id: "1",
  source: "/shop",
  type: "order.created",
  subject: "order-42",
  time: "2026-01-02T03:04:05Z",
  datacontenttype: "application/json",
  data: { total: 7 },
};

describe("an event as bytes", () => {
  test("is read as it was written", () => {
    expect(decodeCloudEvent(encodeCloudEvent(event), 0)).toEqual({ kind: "ok", value: event });
  });

  test("keeps extension attributes that Millrace does not know", () => {
    const extended = { ...event, tenant: "blue" };
    expect(decodeCloudEvent(json(extended), 0)).toMatchObject({ value: { tenant: "blue" } });
  });

  test("without a time happened when it was stored", () => {
    const { time: _, ...timeless } = event;
    expect(decodeCloudEvent(json(timeless), STORED_AT)).toMatchObject({
      value: { time: "2026-01-02T03:04:05.000Z" },
    });
  });

  test("with a depth that is none counts as caused by no trigger", () => {
    const decoded = decodeCloudEvent(json({ ...event, millracedepth: "many" }), 0);
    expect(decoded).toEqual({ kind: "ok", value: event });
  });

  test.each([
    ["no JSON", "nonsense"],
    ["an array", "[]"],
    ["of another version", JSON.stringify({ ...event, specversion: "0.3" })],
    ["without an id", JSON.stringify({ ...event, id: "" })],
    ["without a type", JSON.stringify({ ...event, type: 7 })],
  ])("is foreign when it is %s", (_, text) => {
    expect(decodeCloudEvent(new TextEncoder().encode(text), 0).kind).toBe("foreign");
  });
});

describe("any message as an event", () => {
  test("in structured mode is the event in its body", () => {
    expect(cloudEventOf(message({ data: encodeCloudEvent(event) }))).toEqual(event);
  });

  test("in binary mode is made of its headers and its body", () => {
    const headers = new Map([
      ["ce-specversion", ["1.0"]],
      ["ce-id", ["1"]],
      ["ce-source", ["/shop"]],
      ["ce-type", ["order.created"]],
      ["ce-tenant", ["blue"]],
      ["ce-millracedepth", ["2"]],
    ]);
    expect(cloudEventOf(message({ data: json({ total: 7 }), headers }))).toEqual({
      specversion: "1.0",
      id: "1",
      source: "/shop",
      type: "order.created",
      tenant: "blue",
      time: "2026-01-02T03:04:05.000Z",
      millracedepth: 2,
      data: { total: 7 },
    });
  });

  test.each([
    ["JSON", json({ total: 7 }), { total: 7 }],
    ["text", new TextEncoder().encode("seven"), "seven"],
    ["bytes", Uint8Array.of(0xff, 0xfe), { $bytes: "//4=" }],
    ["nothing", new Uint8Array(), null],
  ])("that holds %s is named by its place and its subject", (_, data, expected) => {
    expect(cloudEventOf(message({ data }))).toEqual({
      specversion: "1.0",
      id: "ORDERS/17",
      source: "nats:ORDERS",
      type: "orders.eu.created",
      subject: "orders.eu.created",
      time: "2026-01-02T03:04:05.000Z",
      data: expected,
    });
  });

  test("is an event whatever its bytes and headers are", () => {
    const name = fc.constantFrom("ce-id", "ce-type", "ce-time", "content-type", "ce-", "x");
    const headers = fc.array(fc.tuple(name, fc.array(fc.string())));
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.record({ specversion: fc.constant("1.0"), id: fc.string(), data: fc.json() }).map(json),
    );
    fc.assert(
      fc.property(bytes, headers, (data, given) => {
        const read = cloudEventOf(message({ data, headers: new Map(given) }));
        expect(read.specversion).toBe("1.0");
        expect(read.id).not.toBe("");
        expect(Number.isNaN(Date.parse(read.time))).toBe(false);
      }),
    );
  });
});

function message(parts: Partial<AnyMessage>): AnyMessage {
  return {
    stream: "ORDERS",
    sequence: 17,
    subject: "orders.eu.created",
    data: new Uint8Array(),
    headers: new Map(),
    storedAt: STORED_AT,
    ...parts,
  };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
