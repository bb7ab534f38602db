import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startServer } from "../../src/server/start-server.ts";
import { KNOWN_MS } from "../../src/server/tokens/access-tokens.ts";
import { until } from "../e2e/support/until.ts";
import { type ApiBed, openApiBed } from "./support/api-bed.ts";

test("a server does not listen beyond loopback without tokens, and says how to make one", async () => {
  const bed = await openApiBed();
  for (const auth of ["auto", "tokens", "open"] as const) {
    const started = bed.start({ host: "0.0.0.0", auth });
    await expect(started).rejects.toThrow(/millrace token create .*or listen at 127\.0\.0\.1/);
    await expect(started).rejects.toMatchObject({ code: "SERVER_UNPROTECTED" });
  }
});

test("a server beyond loopback starts with a token there, and lets nobody in without", async () => {
  const bed = await openApiBed();
  const text = await bed.token("read");
  const { url, port, auth } = await bed.start({ host: "0.0.0.0" });
  expect({ url, auth }).toEqual({ url: `http://0.0.0.0:${port}`, auth: "tokens" });
  const runs = `http://127.0.0.1:${port}/api/v1/runs`;
  expect((await fetch(runs)).status).toBe(401);
  const headers = { authorization: `Bearer ${text}` };
  expect((await fetch(runs, { headers })).status).toBe(200);
});

test("a token that is there when a loopback server starts makes it ask for tokens", async () => {
  const bed = await openApiBed();
  expect(bed.server.auth).toBe("open");
  await bed.token("admin");
  expect((await bed.start()).auth).toBe("tokens");
  expect((await bed.start({ auth: "open" })).auth).toBe("open");
  // One that runs stays as it is: the last token that goes must not open it, nor the first one close it.
  expect((await bed.get("/runs")).status).toBe(200);
});

test("no name but an address is listened at", async () => {
  const { millrace } = await openApiBed();
  const started = startServer({ connection: millrace, host: "example.com", port: 0 });
  await expect(started).rejects.toThrow(/give an IP address or localhost/);
});

test("a page of another site cannot reach an open server by a name of its own (DNS rebinding)", async () => {
  const bed = await openApiBed({ allowedHosts: ["Millrace.Internal"] });
  const cases = [
    ["127.0.0.1:4280", 200],
    ["localhost", 200],
    ["[::1]:4280", 200],
    ["app.localhost:1", 200],
    ["millrace.internal:80", 200],
    ["evil.example", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost.evil.example:4280", 403],
    ["128.0.0.1", 403],
    ["", 403],
  ] as const;
  for (const [host, expected] of cases) {
    expect({ host, status: await statusWithHost(bed, host) }).toEqual({ host, status: expected });
  }
});

test("what a form of another site can send is refused, and no other origin is allowed in (CSRF, CORS)", async () => {
  const bed = await openApiBed();
  const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "xjson"];
  for (const type of types) {
    const headers = { "content-type": type };
    const { status, body } = await bed.ask("POST", "/runs", '{"flow":"a"}', headers);
    expect({ type, status, code: body["code"] }).toEqual({
      type,
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
    });
  }
  const bare = await fetch(`${bed.server.url}/api/v1/runs/a:1/terminate`, { method: "POST" });
  expect(bare.status).toBe(415);
  const preflight = await bed.ask("OPTIONS", "/runs", undefined, {
    origin: "https://evil.example",
    "access-control-request-method": "POST",
  });
  expect(preflight.status).toBe(405);
  const read = await bed.get("/runs", { origin: "https://evil.example" });
  for (const { headers } of [preflight, read]) {
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});

test("answers carry headers that keep browsers from doing anything with them", async () => {
  const bed = await openApiBed();
  for (const path of ["/runs", "/nothing", "//livez"]) {
    const { headers } = await bed.get(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("x-powered-by")).toBeNull();
  }
});

test("a body above the limit is refused before it is read, and one just below is taken", async () => {
  const bed = await openApiBed({ limits: { bodyBytes: 1_000 } });
  expect((await bed.post("/runs", { flow: "a", input: "x".repeat(900) })).status).toBe(201);
  expect(await bed.post("/runs", { flow: "a", input: "x".repeat(1_000) })).toMatchObject({
    status: 413,
    body: { code: "BODY_TOO_LARGE" },
  });
});

test("who asks too often is told to come back, and others are not", async () => {
  const bed = await openApiBed({ auth: "tokens", limits: { requestsPerMinute: 3 } });
  const [ann, bob] = [await bed.token("read"), await bed.token("read")];
  const as = (text: string) => bed.get("/runs", { authorization: `Bearer ${text}` });
  // The first is counted for the address: nobody knows the token yet.
  for (let times = 0; times < 4; times++) expect((await as(ann)).status).toBe(200);
  const refused = await as(ann);
  expect(refused).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await as(bob)).status).toBe(200);
  const guess = `mr_0123456789ab_${"x".repeat(43)}`;
  expect((await as(guess)).status).toBe(401);
  expect((await as(guess)).status).toBe(429);
  expect((await bed.get("//livez")).status).toBe(200);
});

test("a revoked token is refused by every replica within the time that is promised", async () => {
  const bed = await openApiBed({ auth: "tokens" });
  const other = await bed.start();
  const { token, text } = await bed.tokens.create({ name: "ann", scopes: ["read"] });
  const statuses = () =>
    Promise.all(
      [bed.server.url, other.url].map(async (url) => {
        const headers = { authorization: `Bearer ${text}` };
        return (await fetch(`${url}/api/v1/runs`, { headers })).status;
      }),
    );
  expect(await statuses()).toEqual([200, 200]);
  await bed.tokens.revoke(token.id);
  const refused = async () => (await statuses()).every((status) => status === 401);
  await until("both replicas refuse it", refused, KNOWN_MS + 10_000);
});

test("a token is valid until it expires, and its secret stands nowhere", async () => {
  const bed = await openApiBed({ auth: "tokens" });
  const expiresAt = new Date(Date.now() + 5_000);
  const { text } = await bed.tokens.create({ name: "short", scopes: ["read"], expiresAt });
  const ask = async () => (await bed.get("/runs", { authorization: `Bearer ${text}` })).status;
  expect(await ask()).toBe(200);
  await until("it has expired", async () => (await ask()) === 401);
  const secret = text.split("_").at(-1) ?? "";
  const records = await bed.millrace.broker.control.list("token");
  expect(records).toHaveLength(1);
  for (const { data } of records) expect(new TextDecoder().decode(data)).not.toContain(secret);
});

test("a token that expired before it was made is refused, the first moment of 1970 too", async () => {
  const bed = await openApiBed();
  for (const expiresAt of ["1970-01-01T00:00:00Z", "2001-01-01T00:00:00Z"]) {
    const { status } = await bed.post("/tokens", { name: "x", scopes: ["read"], expiresAt });
    expect({ expiresAt, status }).toEqual({ expiresAt, status: 400 });
  }
  expect((await bed.get("/tokens")).body).toEqual({ tokens: [] });
});

test("what is not HTTP, never ends or is too large is answered, and the connection is closed", async () => {
  const [bed, hurried] = [
    await openApiBed(),
    await openApiBed({ limits: { headersMs: 200, requestMs: 400 } }),
  ];
  const [garbage, slowHeaders, slowBody, large] = await Promise.all([
    raw(bed, "\u0016\u0003\u0001 what\r\n\r\n"),
    raw(hurried, "GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: "),
    raw(
      hurried,
      "POST /api/v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
    ),
    raw(bed, `GET /livez HTTP/1.1\r\nhost: localhost\r\nx-large: ${"x".repeat(20_000)}\r\n\r\n`),
  ]);
  expect(garbage).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*BAD_REQUEST/);
  expect(slowHeaders).toMatch(/^HTTP\/1\.1 408 [^]*REQUEST_TIMEOUT/);
  expect(slowBody).toMatch(/^HTTP\/1\.1 408 [^]*REQUEST_TIMEOUT/);
  expect(large).toMatch(/^HTTP\/1\.1 431 [^]*HEADERS_TOO_LARGE/);
});

/** All that the server answers to these bytes until it closes the connection. */
function raw(bed: ApiBed, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(bed.server.port, "127.0.0.1", () =>
      socket.write(text, "latin1"),
    );
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("utf8");
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
  });
}

/** `fetch` does not let a program choose this header. */
function statusWithHost(bed: ApiBed, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const url = `${bed.server.url}/api/v1/runs`;
    const asked = request(url, { headers: { host }, setHost: host !== "" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once("error", reject);
    asked.end();
  });
}
