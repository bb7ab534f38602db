import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { TcpProxy } from "../../chaos/proxy/tcp-proxy.mjs";
import { until } from "../e2e/support/until.ts";

test("bytes pass through the proxy both ways, in order and all of them", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  const large = Buffer.alloc(9 * 1024 * 1024, "millrace ");
  client.socket.write(large);
  peer.socket.write("from the server");
  await client.received("from the server");
  await until("all has come", () => peer.bytes().length === large.length);
  expect(peer.bytes().equals(large)).toBe(true);
});

test("the end of one side reaches the other, which may still answer", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  client.socket.end("last words");
  await peer.ended();
  peer.socket.end("answer");
  await client.received("answer");
  await client.ended();
  await until("the proxy has forgotten it", () => proxy.connections.length === 0);
  expect([client.error(), peer.error()]).toEqual([undefined, undefined]);
});

test("a cut connection ends with a FIN on both sides", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.cut();
  await Promise.all([client.ended(), peer.ended()]);
  await until("both are gone", () => client.socket.end().closed && peer.socket.end().closed);
  expect([client.error(), peer.error()]).toEqual([undefined, undefined]);
  expect(proxy.connections).toEqual([]);
});

test("a reset connection ends with a RST on both sides", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.reset();
  await Promise.all([client.closed(), peer.closed()]);
  expect([client.error(), peer.error()]).toEqual(["ECONNRESET", "ECONNRESET"]);
});

test("a process that dies with a RST resets the other side too", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  peer.socket.resetAndDestroy();
  await client.closed();
  expect(client.error()).toBe("ECONNRESET");
});

test("one connection can be reset, and the others stay", async () => {
  const { proxy, server } = await network();
  const first = await connected(proxy);
  await server.next();
  const second = await connected(proxy);
  const secondPeer = await server.next();
  proxy.connections[0]?.reset();
  await first.closed();
  second.socket.write("still here");
  await secondPeer.received("still here");
  expect(secondPeer.error()).toBeUndefined();
});

test("delayed bytes are never early, and keep their order whatever the jitter", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.set({ delayMs: 60, jitterMs: 40 });
  const first = once(peer.socket, "data").then(() => performance.now());
  const sentAt = performance.now();
  const words = Array.from({ length: 20 }, (_, at) => `word ${at};`);
  for (const word of words) {
    client.socket.write(word);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await peer.received(words.join(""));
  // Timers may fire in the millisecond before.
  expect((await first) - sentAt).toBeGreaterThan(58);
});

test("a delay that is taken away holds nothing back any more", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.set({ delayMs: 3_600_000 });
  client.socket.write("in an hour");
  await until("it is on its way", () => proxy.connections[0]?.bytesOnTheWay === 10);
  expect(peer.bytes().length).toBe(0);
  proxy.heal();
  await peer.received("in an hour");
});

test("what is held in one direction comes when it is healed, and the other direction goes on", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.set({ up: "hold" });
  client.socket.write("held");
  peer.socket.write("not held");
  await client.received("not held");
  await until("it is on its way", () => proxy.connections[0]?.bytesOnTheWay === 4);
  expect(peer.bytes().length).toBe(0);
  proxy.heal();
  await peer.received("held");
});

test("a side that is cut off hears of the other's death when the network is healed", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.set({ up: "hold", down: "hold" });
  client.socket.resetAndDestroy();
  await client.closed();
  expect(proxy.connections.length).toBe(1);
  proxy.heal();
  await peer.closed();
  expect(peer.error()).toBe("ECONNRESET");
});

test("a connection that lost bytes in a black hole is reset when that is healed", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  const untouched = await connected(proxy);
  const untouchedPeer = await server.next();
  proxy.connections[0]?.set({ up: "swallow", down: "swallow" });
  client.socket.write("gone");
  await until("it is swallowed", () => proxy.connections[0]?.isTorn);
  untouched.socket.write("fine");
  await untouchedPeer.received("fine");
  expect(peer.bytes().length).toBe(0);
  proxy.heal();
  await Promise.all([client.closed(), peer.closed()]);
  expect([client.error(), peer.error()]).toEqual(["ECONNRESET", "ECONNRESET"]);
  untouchedPeer.socket.write("and on");
  await untouched.received("and on");
});

test("into a black hole one can connect, and hears nothing", async () => {
  const { proxy, server } = await network({ greeting: "INFO" });
  proxy.set({ down: "swallow" });
  const client = await connected(proxy);
  await server.next();
  await until("the greeting is swallowed", () => proxy.connections[0]?.isTorn);
  expect(client.bytes().length).toBe(0);
});

test("who connects while it is refused is reset, and the open connections stay", async () => {
  const { proxy, server } = await network();
  const client = await connected(proxy);
  const peer = await server.next();
  proxy.refuse();
  const refused = await connected(proxy);
  await refused.closed();
  expect(refused.error()).toBe("ECONNRESET");
  client.socket.write("still here");
  await peer.received("still here");
  proxy.heal();
  const later = await connected(proxy);
  await server.next();
  expect(later.error()).toBeUndefined();
});

test("a server that is not there resets who connects, and is reached when it is there at another port", async () => {
  const { proxy, server, listener } = await network();
  await new Promise((resolve) => listener.close(resolve));
  const early = await connected(proxy);
  await early.closed();
  expect(early.error()).toBe("ECONNRESET");
  proxy.target = { port: await server.listenAgain() };
  const client = await connected(proxy);
  const peer = await server.next();
  client.socket.write("found");
  await peer.received("found");
});

/** A server, and the proxy before it. */
async function network({ greeting }: { readonly greeting?: string } = {}) {
  const accepted: End[] = [];
  const listeners: Server[] = [];
  const listen = async (): Promise<number> => {
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(end(socket));
      if (greeting !== undefined) socket.write(greeting);
    });
    listeners.push(listener);
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return (listener.address() as { port: number }).port;
  };
  const proxy = await TcpProxy.start({ target: { port: await listen() } });
  const [listener] = listeners;
  if (listener === undefined) throw new Error("Nobody listens");
  let taken = 0;
  onTestFinished(async () => {
    await proxy.close();
    for (const one of listeners) one.close();
  });
  const next = (): Promise<End> => {
    const at = taken++;
    return until(`connection ${at} has come`, () => accepted[at]);
  };
  return { proxy, listener, server: { next, listenAgain: listen } };
}

async function connected(proxy: TcpProxy): Promise<End> {
  const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  const client = end(socket);
  await until("it is connected, or refused", () => !socket.connecting);
  return client;
}

/** One end of a connection, and what it saw. */
function end(socket: Socket): End {
  let bytes = Buffer.alloc(0);
  let code: string | undefined;
  let hasEnded = false;
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, more]);
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  socket.once("end", () => {
    hasEnded = true;
  });
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    bytes: () => bytes,
    error: () => code,
    received: (text) => until(`"${text}" has come`, () => bytes.toString() === text),
    ended: () => until("the end has come", () => hasEnded),
    closed: () => until("the connection is gone", () => socket.closed),
  };
}

interface End {
  readonly socket: Socket;
  bytes(): Buffer;
  /** Code of the error with which it ended. */
  error(): string | undefined;
  received(text: string): Promise<unknown>;
  ended(): Promise<unknown>;
  closed(): Promise<unknown>;
}
