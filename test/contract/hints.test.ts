import { expect, test } from "vitest";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

onEveryAdapter("a hint", (open) => {
  test("arrives where it is expected, from another connection, once", async () => {
    const { connect } = open();
    const [waiting, telling] = [await connect(), await connect()];
    const heard: string[] = [];
    const place = waiting.hints.expect((data) => heard.push(text(data)));
    const last = waiting.hints.expect((data) => heard.push(text(data)));
    telling.hints.send(place.replyTo, bytes("first"));
    telling.hints.send(place.replyTo, bytes("again"));
    telling.hints.send(last.replyTo, bytes("last"));
    await eventually(() => expect(heard).toContain("last"));
    expect(heard).toEqual(["first", "last"]);
  });

  test("is not heard once it is forgotten", async () => {
    const { connect } = open();
    const [waiting, telling] = [await connect(), await connect()];
    const heard: string[] = [];
    const forgotten = waiting.hints.expect(() => heard.push("forgotten"));
    const last = waiting.hints.expect(() => heard.push("last"));
    forgotten.forget();
    telling.hints.send(forgotten.replyTo, bytes(""));
    telling.hints.send(last.replyTo, bytes(""));
    await eventually(() => expect(heard).toEqual(["last"]));
  });

  test("to a place that is none is dropped: a submission can name any", async () => {
    const { connect, namespace } = open();
    const broker = await connect();
    const heard: string[] = [];
    const place = broker.hints.expect(() => heard.push("heard"));
    const hostile = ["", "_INBOX.nobody.1", "*", "_INBOX.>", "a b", `mr.${namespace}.0.h.f.k`];
    for (const replyTo of hostile) broker.hints.send(replyTo, bytes("x"));
    broker.hints.send(place.replyTo, bytes("x"));
    await eventually(() => expect(heard).toEqual(["heard"]));
    const run = { id: "f:k", flow: "f", key: "k", token: "k" } as const;
    expect(await broker.log.head(run)).toBeUndefined();
  });
});
