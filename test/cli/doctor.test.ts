import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect as connectNats } from "@nats-io/transport-node";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect } from "../../src/index.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, type Running, start } from "./support/cli.ts";
import { FLOWS } from "./support/flows.ts";
import { projectFolder } from "./support/folder.ts";
import { until } from "./support/until.ts";

let folder: string;
let url: string;
let worker: Running;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({
    storeDir: join(folder, "nats"),
    syncInterval: "always",
    configLines: ["http: 127.0.0.1:-1"],
  });
  url = server.url;
  atEnd(async () => server.stop());
  worker = start([MILLRACE, "serve", "flows.ts", "-s", url], { cwd: folder });
  await worker.wrote(/Serving/);
});

const STREAMS = [
  "MR_default_0",
  "MR_default_control",
  "MR_default_events",
  "MR_default_ingress",
  "MR_default_published",
] as const;

interface Diagnosis {
  readonly healthy: boolean;
  readonly checks: readonly {
    readonly level: string;
    readonly name: string;
    readonly found: string;
    readonly means: string;
    readonly todo?: string;
  }[];
}

async function doctor(...args: readonly string[]): Promise<Diagnosis & { code: number | null }> {
  const done = await millrace(["doctor", "--json", "-s", url, ...args], { cwd: folder });
  const diagnosis: Diagnosis = JSON.parse(done.stdout);
  return { code: done.code, ...diagnosis };
}

function check({ checks }: Diagnosis, name: string): Diagnosis["checks"][number] | undefined {
  return checks.find((found) => found.name === name);
}

/** A request to JetStream behind Millrace's back. */
async function tamper(subject: string, body: object | string): Promise<void> {
  const connection = await connectNats({ servers: url });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await connection.request(subject, text, { timeout: 30_000 });
  const { error }: { readonly error?: { readonly description: string } } = answer.json();
  await connection.close();
  if (error !== undefined) throw new Error(error.description);
}

async function streamNames(): Promise<readonly string[]> {
  const connection = await connectNats({ servers: url });
  const answer = await connection.request("$JS.API.STREAM.NAMES", "", { timeout: 30_000 });
  await connection.close();
  return answer.json<{ readonly streams: readonly string[] | null }>().streams ?? [];
}

test("a namespace as it was made is healthy, each check says what it means, and nothing is left behind", async () => {
  const diagnosis = await doctor();
  expect(diagnosis).toMatchObject({ code: 0, healthy: true });
  expect(diagnosis.checks.filter(({ means }) => means === "")).toEqual([]);
  expect(
    diagnosis.checks.filter(({ level, todo }) => level !== "ok" && todo === undefined),
  ).toEqual([]);
  expect(check(diagnosis, "server version")?.found).toMatch(/^\d+\.\d+\.\d+/);
  for (const name of STREAMS) {
    expect(check(diagnosis, `stream ${name}`)).toMatchObject({ level: "ok" });
  }
  expect(check(diagnosis, "queue shop")).toMatchObject({
    level: "ok",
    found: expect.stringContaining("lease 5.0s"),
  });
  expect(check(diagnosis, "clock skew")).toMatchObject({ level: "ok" });
  expect(check(diagnosis, "write latency")?.found).toMatch(/^median [\d.]+ ms/);
  expect(await streamNames()).toEqual(STREAMS);
});

test("the fsync policy is not guessed: it is not visible over a connection", async () => {
  const fsync = check(await doctor(), "fsync policy");
  expect(fsync).toMatchObject({ level: "warn", found: "not visible over this connection" });
  expect(fsync?.means).toContain("an ack survives the server's death, not the machine's");
});

test("the server's monitoring tells the fsync policy", async () => {
  const monitor = await monitorUrl();
  expect(check(await doctor("--monitor", monitor), "fsync policy")).toMatchObject({
    level: "ok",
    found: "before each ack (the server's monitoring)",
  });
  const wrong = check(await doctor("--monitor", "http://127.0.0.1:1"), "fsync policy");
  expect(wrong).toMatchObject({ level: "warn" });
});

test("--no-probe writes nothing", async () => {
  expect(check(await doctor("--no-probe"), "write latency")).toBeUndefined();
});

test("a namespace that does not exist is no failure, and is not made", async () => {
  const diagnosis = await doctor("-n", "none");
  expect(diagnosis).toMatchObject({ code: 0, healthy: true });
  expect(check(diagnosis, "namespace")).toMatchObject({ level: "warn" });
  expect(await streamNames()).toEqual(STREAMS);
});

test("bytes that are not Millrace's are listed as dead letters, and doctor tells the newest", async () => {
  const none = await millrace(["dead", "--json", "-s", url], { cwd: folder });
  expect(none).toMatchObject({ code: 0, stdout: "[]\n" });
  await tamper("mr.default.0.new.shop.shop.x.y", "garbage\u001b[2J");
  await worker.wrote(/set aside/);
  const listed = await millrace(["dead", "--json", "-s", url], { cwd: folder });
  expect(JSON.parse(listed.stdout)).toEqual([
    {
      id: expect.stringMatching(/^0\/\d+$/),
      partition: 0,
      sequence: expect.any(Number),
      subject: "mr.default.0.new.shop.shop.x.y",
      reason: expect.stringMatching(/\S/),
      at: expect.stringMatching(/^\d{4}-/),
      state: "open",
    },
  ]);
  const text = await millrace(["dead", "-s", url], { cwd: folder });
  expect(text.stdout.split("\n").length).toBe(2);
  expect(check(await doctor(), "dead letters")).toMatchObject({
    level: "warn",
    found: expect.stringMatching(/^1; the newest: mr\.default\.0\.new\.shop\.shop\.x\.y: /),
  });
  const [{ id }] = JSON.parse(listed.stdout) as [{ readonly id: string }];
  const shown = await millrace(["dead", "show", id, "-s", url], { cwd: folder });
  expect(shown.stdout).toContain("Submission for no run, 11 B");
  expect(shown.stdout).toContain(Buffer.from("garbage\u001b[2J").toString("hex"));
  const replayed = await millrace(["dead", "replay", id, "--json", "-s", url], { cwd: folder });
  expect(replayed).toMatchObject({
    code: 7,
    stderr: expect.stringContaining("DEAD_LETTER_NOT_REPLAYABLE"),
  });
  const dropped = await millrace(["dead", "drop", id, "--json", "-s", url], { cwd: folder });
  expect(JSON.parse(dropped.stdout)).toMatchObject({ id, state: "dropped" });
  const after = await millrace(["dead", "list", "--json", "-s", url], { cwd: folder });
  expect(after).toMatchObject({ code: 0, stdout: "[]\n" });
  const all = await millrace(["dead", "list", "--all", "-s", url], { cwd: folder });
  expect(all.stdout).toContain("(dropped)");
  expect(check(await doctor(), "dead letters")).toMatchObject({ found: "0" });
});

test("a message that was published for a flow is corrected by its dead letter, and runs", async () => {
  await tamper("millrace.default.submit.shop", '{"broken');
  const letters = async () => {
    const { stdout } = await millrace(["dead", "--json", "-s", url], { cwd: folder });
    return JSON.parse(stdout) as readonly { readonly id: string; readonly sequence: number }[];
  };
  const { id, sequence } = await until("it is set aside", async () => (await letters())[0]);
  expect(id).toBe(`ingress/${sequence}`);
  const shown = await millrace(["dead", "show", id, "-s", url], { cwd: folder });
  expect(shown.stdout).toContain(`Published submission for run shop:ingress-${sequence}, 8 B`);
  const body = ["--body", '{"item":"apple"}', "--header", "Millrace-Key=a-1"];
  const replayed = await millrace(["dead", "replay", id, ...body, "-s", url], { cwd: folder });
  expect(replayed.stdout).toBe(`${id} is replayed.\n`);
  await until("the run is there", async () => {
    const { code } = await millrace(["show", "shop:a-1", "-s", url], { cwd: folder });
    return code === 0;
  });
  expect(await letters()).toEqual([]);
});

test("a submission that nobody reads is seen", async () => {
  await millrace(["submit", "lonely", "-s", url, "-n", "quiet"], { cwd: folder });
  await using connection = await connect({ servers: url, namespace: "quiet" });
  const reader = await connection.broker.queues.open({
    queues: ["lonely"],
    room: () => 0,
    onDelivery: (delivery) => delivery.giveBack(),
    onForeign: () => undefined,
  });
  await reader.stop();
  const queue = check(await doctor("-n", "quiet"), "queue lonely");
  expect(queue).toMatchObject({ level: "warn", todo: "start a worker: millrace serve" });
});

test("a setting that the protocol relies on and somebody changed is a failure: exit code 6", async () => {
  await millrace(["submit", "shop", "-s", url, "-n", "changed"], { cwd: folder });
  const connection = await connectNats({ servers: url });
  const info = await connection.request("$JS.API.STREAM.INFO.MR_changed_0", "", {
    timeout: 30_000,
  });
  const { config } = info.json<{ readonly config: object }>();
  await connection.close();
  await tamper("$JS.API.STREAM.UPDATE.MR_changed_0", { ...config, max_msgs_per_subject: 5 });
  const diagnosis = await doctor("-n", "changed");
  expect(diagnosis).toMatchObject({ code: 6, healthy: false });
  expect(check(diagnosis, "stream MR_changed_0")).toMatchObject({
    level: "fail",
    found: "max_msgs_per_subject is 5, must be -1",
  });
  const text = await millrace(["doctor", "-s", url, "-n", "changed"], { cwd: folder });
  expect(text.code).toBe(6);
  expect(text.stdout).toMatch(/fail {2}stream MR_changed_0/);
  expect(text.stdout).toMatch(/1 failing\n$/);
});

/** Where the server says that its monitoring listens. */
async function monitorUrl(): Promise<string> {
  const ports = join(folder, "nats", "ports");
  const [file = ""] = await readdir(ports);
  const { monitoring }: { readonly monitoring: readonly string[] } = JSON.parse(
    await readFile(join(ports, file), "utf8"),
  );
  return monitoring[0] ?? "";
}
