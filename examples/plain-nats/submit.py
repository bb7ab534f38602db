"""The same as submit.mjs, with Python's client: pip install nats-py; python submit.py, with NATS_URL."""

import asyncio
import json
import os
from datetime import date

import nats

NAMESPACE = "default"


async def main():
    client = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"))

    # What happens to runs is told on subjects too: millrace.<namespace>.events.run.<status>.<flow>
    events = await client.subscribe(f"millrace.{NAMESPACE}.events.run.*.invoice")
    await client.flush()

    async def publish(subject, body, headers=None):
        place = f"millrace.{NAMESPACE}.{subject}"
        answer = await client.request(place, body.encode(), timeout=5, headers=headers)
        ack = json.loads(answer.data)
        if "error" in ack:
            raise RuntimeError(ack["error"]["description"])
        return ack

    # One publish starts a run; the sequence in the broker's answer names it.
    stored = await publish("submit.invoice", json.dumps({"customer": "ada", "cents": 900}))
    first = f"ingress-{stored['seq']}"
    print(f"submitted invoice:{first}")

    # With a key of one's own, sending it twice is as good as once.
    key = f"bob-{date.today()}-{os.getpid()}"
    headers = {"Millrace-Key": key, "Millrace-Tags": "origin:plain"}
    for _ in range(2):
        await publish("submit.invoice", json.dumps({"customer": "bob", "cents": 500}), headers)
    print(f"submitted invoice:{key}")

    await publish(f"signal.invoice.{first}.payment", '{"cents": 400}')
    await publish(f"signal.invoice.{first}.payment", '{"cents": 500}')
    await publish(f"cancel.invoice.{key}", "sent in error")

    open_runs = {first, key}
    async for message in events.messages:
        event = json.loads(message.data)
        run = event["data"]
        if run["key"] not in open_runs or run["status"] not in ("completed", "cancelled"):
            continue
        open_runs.discard(run["key"])
        reason = f": {run['reason']}" if run.get("reason") else ""
        print(f"{run['run']} {run['status']}{reason} (event {event['id']})")
        if not open_runs:
            break
    await client.drain()


asyncio.run(main())
