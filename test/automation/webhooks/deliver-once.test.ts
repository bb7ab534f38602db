import { createServer } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { AddressGuard } from "../../../src/automation/webhooks/address-guard.ts";
import { type DeliveryOrder, deliverOnce } from "../../../src/automation/webhooks/deliver-once.ts";
import { systemResolve } from "../../../src/automation/webhooks/delivery-target.ts";
import { randomSecret } from "../../../src/client/webhook-secret.ts";
import type { WebhookAttempt } from "../../../src/engine/webhook-attempt.ts";
import { WEBHOOK_DEFAULTS, type WebhookEndpoint } from "../../../src/engine/webhook-spec.ts";
import { systemClock } from "../../../src/ports/clock.ts";
import { Receiver } from "./support/receiver.ts";

const secrets = [randomSecret(), randomSecret()];

test("a body arrives as JSON, signed by both active secrets, and the attempt says what was sent and answered", async () => {
  const receiver = await Receiver.start();
  const body = JSON.stringify({ order: 42, text: "für Ann ☕" });
  const attempt = await deliver({ url: `${receiver.url}?key=abc` }, { body });
  expect(receiver.requests).toHaveLength(1);
  const [request] = receiver.requests;
  expect(request).toMatchObject({ method: "POST", url: "/hook?key=abc", body });
  expect(request?.headers).toMatchObject({
    "content-type": "application/json",
    "webhook-id": "msg_1",
    connection: "close",
    host: `127.0.0.1:${receiver.port}`,
  });
  for (const secret of secrets) {
    const verified = new Webhook(secret).verify(body, request?.headers as Record<string, string>);
    expect(verified).toEqual(JSON.parse(body));
  }
  expect(() =>
    new Webhook(randomSecret()).verify(body, request?.headers as Record<string, string>),
  ).toThrow("No matching signature");
  expect(attempt).toMatchObject({
    outcome: "delivered",
    id: "msg_1",
    request: {
      url: `http://127.0.0.1:${receiver.port}/hook?[redacted]`,
      address: "127.0.0.1",
      headers: { "webhook-id": "msg_1", "webhook-signature": "[redacted]" },
      body: { text: body, isCut: false },
    },
    response: { status: 200, body: { text: "thanks", bytes: 6, isCut: false } },
  });
  expect(attempt).not.toHaveProperty("retryInMs");
});

test("nothing secret is kept of an attempt, even when the receiver sends it all back", async () => {
  const receiver = await Receiver.start();
  receiver.answer = ({ headers }, response) => {
    response.setHeader("set-cookie", "session=1234567");
    response.setHeader("x-echo", String(headers["authorization"]));
    response.writeHead(500).end(JSON.stringify(headers));
  };
  const attempt = await deliver({
    url: receiver.url,
    headers: { authorization: "Bearer 0123456789", "x-mine": "my own value" },
  });
  const kept = JSON.stringify(attempt);
  const [request] = receiver.requests;
  expect(request?.headers).toMatchObject({ authorization: "Bearer 0123456789" });
  const signatures = String(request?.headers["webhook-signature"]).split(/[ ,]/);
  const secret = [...secrets, ...signatures, "0123456789", "my own value", "session=1234567"];
  for (const text of secret.filter((one) => one !== "v1")) expect(kept).not.toContain(text);
  expect(attempt.request?.headers).toMatchObject({ "x-mine": "[redacted]" });
});

test("bodies are cut to what is worth reading, and a huge answer is not read to its end", async () => {
  const receiver = await Receiver.start();
  let sent = 0;
  receiver.answer = (_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536))) sent += 65_536;
    };
    response.on("drain", more);
    more();
  };
  const attempt = await deliver({ url: receiver.url }, { body: JSON.stringify("y".repeat(9_000)) });
  expect(attempt.outcome).toBe("delivered");
  expect(attempt.request?.body).toMatchObject({ bytes: 9_002, isCut: true });
  expect(attempt.request?.body.text).toHaveLength(4_097);
  expect(attempt.response?.body).toMatchObject({ bytes: 65_536, isCut: true });
  expect(sent).toBeLessThan(64 * 1_048_576);
});

test("no redirect is followed", async () => {
  const [receiver, other] = [await Receiver.start(), await Receiver.start()];
  receiver.answer = (_, response) => void response.writeHead(307, { location: other.url }).end();
  const attempt = await deliver({ url: receiver.url });
  expect(attempt).toMatchObject({ outcome: "failed", response: { status: 307 } });
  expect(attempt.error).toContain("redirects are not followed");
  expect(other.requests).toEqual([]);
});

test.each([
  ["answers nothing", () => undefined],
  [
    "sends half of its headers",
    (socket: { write(text: string): void }) => socket.write("HTTP/1.1 200 OK\r\nx: "),
  ],
])("a receiver that %s is given up after the time-out", async (_, answer) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => answer(socket));
  });
  const port = await listening(server);
  const attempt = await deliver({ url: `http://127.0.0.1:${port}/`, timeoutMs: 200 });
  expect(attempt).toMatchObject({ outcome: "failed", retryInMs: expect.any(Number) });
  expect(attempt.error).toBe("There was no answer within 200 ms.");
});

test("an answer that does not end counts by its status", async () => {
  const receiver = await Receiver.start();
  receiver.answer = (_, response) => void response.writeHead(202).write("half of");
  const attempt = await deliver({ url: receiver.url, timeoutMs: 2_000 });
  expect(attempt).toMatchObject({
    outcome: "delivered",
    response: { status: 202, body: { text: "half of", isCut: true } },
  });
});

test.each([
  ["closes at once", ""],
  ["speaks something else", "SSH-2.0-OpenSSH\r\n"],
  ["closes within its headers", "HTTP/1.1 200 OK\r\nconte"],
  ["sends more headers than anybody reads", `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(9_999)}\r\n`],
  ["changes the protocol", "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"],
])("a receiver that %s has failed", async (_, bytes) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(bytes));
  });
  const attempt = await deliver({ url: `http://127.0.0.1:${await listening(server)}/` });
  expect(attempt).toMatchObject({ outcome: "failed", error: expect.stringMatching(/./) });
  expect(attempt.response).toBeUndefined();
});

test("a receiver that is not there, and a name that nobody knows, have failed and are tried again", async () => {
  const receiver = await Receiver.start();
  const { url } = receiver;
  await receiver.stop();
  expect(await deliver({ url })).toMatchObject({
    outcome: "failed",
    retryInMs: expect.any(Number),
  });
  const unknown = await deliver({ url: "http://nobody.invalid/" }, {}, () => {
    throw new Error("getaddrinfo ENOTFOUND nobody.invalid");
  });
  expect(unknown).toMatchObject({ outcome: "failed", error: expect.stringContaining("ENOTFOUND") });
  expect(unknown.request).toBeUndefined();
});

test("a resolver that does not answer is not waited for longer than the whole attempt may take", async () => {
  const attempt = await deliver(
    { url: "http://slow.test/", timeoutMs: 150 },
    {},
    () => new Promise(() => undefined),
  );
  expect(attempt).toMatchObject({ outcome: "failed", error: "There was no answer within 150 ms." });
});

test("an address that is not allowed is not connected to, and nothing is tried again", async () => {
  const receiver = await Receiver.start();
  const url = `http://localhost:${receiver.port}/`;
  const attempt = await deliver({ url }, {}, systemResolve, new AddressGuard());
  expect(attempt).toMatchObject({ outcome: "refused", error: expect.stringContaining("allow") });
  expect(attempt).not.toHaveProperty("retryInMs");
  expect(attempt.request).toBeUndefined();
  expect(receiver.requests).toEqual([]);
});

test("a name that leads elsewhere the second time is asked for once: the socket goes to the address that was checked", async () => {
  const receiver = await Receiver.start();
  const answers = [["127.0.0.1"], ["127.0.0.2"]];
  const asked: string[] = [];
  const rebinding = (name: string): Promise<readonly string[]> => {
    asked.push(name);
    return Promise.resolve(answers[asked.length - 1] ?? ["127.0.0.3"]);
  };
  const url = `http://rebind.test:${receiver.port}/hook`;
  const attempt = await deliver({ url }, {}, rebinding);
  expect(attempt).toMatchObject({ outcome: "delivered", request: { address: "127.0.0.1" } });
  expect(receiver.requests[0]?.headers.host).toBe(`rebind.test:${receiver.port}`);
  expect(asked).toEqual(["rebind.test"]);
});

test("TLS asks for the certificate of the name, at the address that was checked, and takes no other", async () => {
  const names: string[] = [];
  const server = createServer((raw) => {
    const secure = new TLSSocket(raw, {
      isServer: true,
      SNICallback: (name, done) => {
        names.push(name);
        done(null, createSecureContext({}));
      },
    });
    secure.on("error", () => undefined);
    raw.on("error", () => undefined);
  });
  const port = await listening(server);
  const attempt = await deliver({ url: `https://shop.test:${port}/` }, {}, () =>
    Promise.resolve(["127.0.0.1"]),
  );
  expect(attempt).toMatchObject({ outcome: "failed", error: expect.stringMatching(/./) });
  expect(names).toEqual(["shop.test"]);
});

test("the delay after an attempt is that of the schedule, longer if the receiver asks for it, and a day at most", async () => {
  const receiver = await Receiver.start();
  const delayAfter = async (attempt: number, retryAfter?: string): Promise<number | undefined> => {
    receiver.answer = (_, response) => {
      if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
      response.writeHead(503).end();
    };
    return (await deliver({ url: receiver.url }, { attempt })).retryInMs;
  };
  for (const [at, scheduled] of WEBHOOK_DEFAULTS.retryDelaysMs.entries()) {
    const delay = (await delayAfter(at + 1)) ?? 0;
    expect(delay).toBeGreaterThanOrEqual(scheduled);
    expect(delay).toBeLessThanOrEqual(scheduled * 1.1);
  }
  expect(await delayAfter(WEBHOOK_DEFAULTS.retryDelaysMs.length + 1)).toBeUndefined();
  expect(await delayAfter(1, "3600")).toBe(3_600_000);
  expect(await delayAfter(1, "1")).toBeLessThanOrEqual(5_500);
  expect(await delayAfter(1, "99999999")).toBe(86_400_000);
  const inAnHour = await delayAfter(1, new Date(Date.now() + 3_600_000).toUTCString());
  expect(inAnHour).toBeGreaterThan(3_500_000);
  for (const nonsense of ["soon", "-5", "1e9", "2030-01-01", ""]) {
    expect(await delayAfter(1, nonsense)).toBeLessThanOrEqual(5_500);
  }
});

test.each([
  [410, "gone"],
  [400, "failed"],
  [401, "failed"],
  [404, "failed"],
  [408, "failed"],
  [429, "failed"],
  [500, "failed"],
  [201, "delivered"],
  [204, "delivered"],
])("%i is %s", async (status, outcome) => {
  const receiver = await Receiver.start();
  receiver.answerWith(status);
  expect(await deliver({ url: receiver.url })).toMatchObject({ outcome, response: { status } });
});

test("an attempt that its worker gives up says nothing: it throws the reason", async () => {
  const receiver = await Receiver.start();
  const stop = new AbortController();
  receiver.answer = () => stop.abort(new Error("the worker stops"));
  const made = deliver({ url: receiver.url }, { signal: stop.signal });
  await expect(made).rejects.toThrow("the worker stops");
});

function deliver(
  changes: Partial<WebhookEndpoint>,
  order: Partial<DeliveryOrder> = {},
  resolve = systemResolve,
  guard = new AddressGuard(["127.0.0.0/8", "::1"]),
): Promise<WebhookAttempt> {
  const endpoint: WebhookEndpoint = {
    ...WEBHOOK_DEFAULTS,
    name: "shop",
    url: "",
    secrets: secrets.map((secret, at) => ({ id: `key_${at}`, secret, createdAt: 0 })),
    headers: {},
    disabled: undefined,
    failing: undefined,
    version: 1,
    createdAt: 0,
    changedAt: 0,
    ...changes,
  };
  const { signal } = new AbortController();
  const means = { clock: systemClock, guard, resolve };
  return deliverOnce(means, { endpoint, id: "msg_1", body: "{}", attempt: 1, signal, ...order });
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It does not listen.");
  return address.port;
}
