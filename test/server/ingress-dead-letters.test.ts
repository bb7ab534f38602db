import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { startIngress } from "../../src/automation/ingress/start-ingress.ts";
import { flow } from "../../src/definition/flow.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { until } from "../e2e/support/until.ts";
import { type ApiBed, openApiBed } from "./support/api-bed.ts";

const greet = flow("greet", (_, input: { readonly name: string }) => `hello ${input.name}`);

/** Publishes for the flow, and gives the sequence that a publisher is told. */
async function publish({ millrace }: ApiBed, body: string, headers = {}): Promise<number> {
  const subject = `millrace.${millrace.namespace}.submit.greet`;
  const data = new TextEncoder().encode(body);
  return (await millrace.broker.bus.publish({ subject, data, headers })).sequence;
}

async function bedWithIngress(): Promise<ApiBed> {
  const bed = await openApiBed({ flows: [greet] });
  const ingress = await startIngress(
    {
      millrace: bed.millrace,
      clock: systemClock,
      log: pino({ level: "silent" }),
      worker: "w1",
      definitions: new Map([["greet", greet]]),
      triggers: [],
      schedules: [],
    },
    { onDue: ({ delivery }) => delivery.ack() },
  );
  onTestFinished(() => ingress.stop());
  return bed;
}

test("a published message that was set aside is shown, corrected and published again over HTTP", async () => {
  const bed = await bedWithIngress();
  const sequence = await publish(bed, '{"name"', { "Millrace-Tags": "vip" });
  const path = `/dead-letters/${encodeURIComponent(`ingress/${sequence}`)}`;
  await until("it is set aside", async () => (await bed.get(path)).status === 200);
  const { body: listed } = await bed.get("/dead-letters");
  expect(listed).toMatchObject({
    letters: [{ id: `ingress/${sequence}`, sequence, reason: expect.stringContaining("not JSON") }],
  });
  expect((await bed.get(path)).body).toMatchObject({
    message: {
      kind: "submit",
      runId: `greet:ingress-${sequence}`,
      content: { headers: { "millrace-tags": ["vip"] }, body: '{"name"' },
    },
  });
  const changes = { body: { name: "ann" }, headers: { "Millrace-Tags": "vip,fixed" } };
  expect(await bed.post(`${path}/replay`, changes)).toMatchObject({
    status: 200,
    body: { state: "replayed" },
  });
  const run = bed.millrace.attach(`greet:ingress-${sequence}`);
  await until("it runs", () =>
    run.state().then(
      ({ closed }) => closed,
      () => false,
    ),
  );
  expect(await run.result()).toBe("hello ann");
  expect((await run.details()).tags).toEqual(["vip", "fixed"]);
  expect((await bed.post(`${path}/replay`)).status).toBe(409);
});

test("a dead letter of the ingress counts in the metrics until it is dropped", async () => {
  const bed = await bedWithIngress();
  const sequence = await publish(bed, "{");
  const path = `/dead-letters/${encodeURIComponent(`ingress/${sequence}`)}`;
  await until("it is set aside", async () => (await bed.get(path)).status === 200);
  const counted = async (): Promise<string> => {
    const response = await fetch(`${bed.server.url}/metrics`);
    return (
      (await response.text()).match(/^millrace_dead_letters\{kind="ingress"\} (\d+)/m)?.[1] ?? ""
    );
  };
  await until("it is counted", async () => (await counted()) === "1");
  expect((await bed.post(`${path}/drop`)).body).toMatchObject({ state: "dropped" });
  await until("it is counted no more", async () => (await counted()) === "0");
  const resolved = await bed.get("/dead-letters?resolved=true");
  expect(resolved.body).toMatchObject({ letters: [{ state: "dropped" }] });
  expect((await bed.get("/dead-letters")).body).toEqual({ letters: [] });
});
