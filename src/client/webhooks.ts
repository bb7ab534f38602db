import { BUILT_IN_QUEUE, WEBHOOK_FLOW } from "../engine/built-in-flows.ts";
import type { Duration } from "../engine/duration.ts";
import { checkToken } from "../engine/names.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import { parseRunId } from "../engine/run-id.ts";
import { WebhookNotFoundError } from "../engine/webhook-errors.ts";
import {
  WEBHOOK_DEFAULTS,
  type WebhookEndpoint,
  type WebhookInput,
  webhookTag,
} from "../engine/webhook-spec.ts";
import { decodeValue } from "../wire/value-codec.ts";
import { decodeWebhook, encodeWebhook, WEBHOOKS, webhookKey } from "../wire/webhook-codec.ts";
import { changeRecord, listRecords, readRecord } from "./change-record.ts";
import {
  checkDisableAfter,
  checkRetryDelays,
  checkWebhookHeaders,
  checkWebhookTimeout,
  checkWebhookUrl,
  type DisableOptions,
} from "./check-webhook.ts";
import type { ClientHost } from "./client-host.ts";
import { RunHandle } from "./run-handle.ts";
import type { Runs } from "./runs.ts";
import { submit } from "./submit.ts";
import { readDelivery, type WebhookDelivery } from "./webhook-delivery.ts";
import { checkStandardSecret, newSecret, randomSecret, withSecret } from "./webhook-secret.ts";
import { type WebhookView, webhookView } from "./webhook-view.ts";
import { readWholeHistory } from "./whole-history.ts";

/**
 * Endpoints of outgoing webhooks, and what was delivered to them. A delivery is a run of a flow that every worker serves: signed
 * as Standard Webhooks says, retried for two days, recorded attempt by attempt.
 */
export class Webhooks {
  readonly #host: ClientHost;
  readonly #runs: Runs;

  constructor(host: ClientHost, runs: Runs) {
    this.#host = host;
    this.#runs = runs;
  }

  /** All endpoints, by name. */
  async list(): Promise<readonly WebhookView[]> {
    const endpoints = await listRecords(this.#host, KIND, WEBHOOKS);
    return endpoints.map(webhookView).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws {@link WebhookNotFoundError} */
  async get(name: string): Promise<WebhookView> {
    const endpoint = await readRecord(this.#host, KIND, keyOf(name));
    if (endpoint === undefined) throw new WebhookNotFoundError(name);
    return webhookView(endpoint);
  }

  /**
   * Makes an endpoint, or changes what is given of one that is there. A new one without a secret gets one: `secret` is there
   * then, this once.
   * @throws {@link InvalidNameError}, {@link InvalidOptionError}, {@link InvalidDurationError} before anything is written
   */
  async put(name: string, options: WebhookOptions): Promise<MadeWebhook> {
    const now = this.#host.clock.now();
    const { url, headers, timeout, retryDelays, disableAfter } = options;
    const generated = options.secret === undefined ? randomSecret() : undefined;
    const added = newSecret(generated ?? checkStandardSecret(options.secret ?? ""), now);
    const given = {
      ...(url === undefined ? {} : { url: checkWebhookUrl(url) }),
      ...(headers === undefined ? {} : { headers: checkWebhookHeaders(headers) }),
      ...(timeout === undefined ? {} : { timeoutMs: checkWebhookTimeout(timeout) }),
      ...(retryDelays === undefined ? {} : { retryDelaysMs: checkRetryDelays(retryDelays) }),
      ...(disableAfter === undefined
        ? {}
        : { disableAfter: checkDisableAfter(disableAfter, WEBHOOK_DEFAULTS.disableAfter) }),
    };
    const made = await changeRecord(this.#host, KIND, keyOf(name), (before) => {
      if (before === undefined && given.url === undefined) throw new WebhookNotFoundError(name);
      const start = before ?? { ...WEBHOOK_DEFAULTS, ...NEW, name, url: "", createdAt: now };
      const secrets =
        before === undefined || generated === undefined
          ? withSecret(start.secrets, added)
          : start.secrets;
      const version = start.version + 1;
      // Another address or time-out begins with a clean slate.
      return { ...start, ...given, secrets, failing: undefined, version, changedAt: now };
    });
    return shown(name, made, generated);
  }

  /** Removes an endpoint: deliveries that are under way end at their next attempt. @throws {@link WebhookNotFoundError} */
  async remove(name: string): Promise<void> {
    if ((await readRecord(this.#host, KIND, keyOf(name))) === undefined) {
      throw new WebhookNotFoundError(name);
    }
    await changeRecord(this.#host, KIND, keyOf(name), () => undefined);
  }

  /** Delivers again, also after too many failures. @throws {@link WebhookNotFoundError} */
  enable(name: string): Promise<WebhookView> {
    return this.#change(name, (before) =>
      before.disabled === undefined
        ? before
        : { ...before, disabled: undefined, failing: undefined, version: before.version + 1 },
    );
  }

  /** Delivers nothing until it is enabled: deliveries end at once, as failed. @throws {@link WebhookNotFoundError} */
  disable(name: string, reason = "Somebody disabled it."): Promise<WebhookView> {
    const at = this.#host.clock.now();
    return this.#change(name, (before) =>
      before.disabled === undefined
        ? {
            ...before,
            disabled: { at, reason, by: "request", isTold: true },
            version: before.version + 1,
          }
        : before,
    );
  }

  /**
   * Adds a secret. The one before still signs too, the one before that no more: give the new one to the receiver in between.
   * `secret` is there this once.
   * @throws {@link WebhookNotFoundError}, {@link InvalidOptionError}
   */
  async rotate(name: string, options: { readonly secret?: string } = {}): Promise<MadeWebhook> {
    const now = this.#host.clock.now();
    const generated = options.secret === undefined ? randomSecret() : undefined;
    const added = newSecret(generated ?? checkStandardSecret(options.secret ?? ""), now);
    const made = await changeRecord(this.#host, KIND, keyOf(name), (before) => {
      if (before === undefined) throw new WebhookNotFoundError(name);
      const secrets = withSecret(before.secrets, added);
      if (secrets === before.secrets) return before;
      return { ...before, secrets, version: before.version + 1, changedAt: now };
    });
    return shown(name, made, generated);
  }

  /**
   * Sends a body to an endpoint: durable when it resolves, delivered when its result is there. The result throws when the delivery was
   * given up.
   * @throws {@link WebhookNotFoundError}, and what {@link Millrace.submit} throws
   */
  async send(name: string, body: unknown, options: SendOptions = {}): Promise<WebhookRun> {
    await this.get(name);
    const { key, id, type } = options;
    const { clock } = this.#host;
    const input: WebhookInput = {
      webhook: name,
      body,
      ...(id === undefined ? {} : { id }),
      ...(type === undefined ? {} : { type, timestamp: new Date(clock.now()).toISOString() }),
    };
    return this.#submit(input, key);
  }

  /** Sends something small of type `millrace.test`. @throws {@link WebhookNotFoundError} */
  test(name: string): Promise<WebhookRun> {
    const body = { webhook: name, message: "A test by Millrace: this endpoint receives." };
    return this.send(name, body, { type: "millrace.test" });
  }

  /**
   * What was sent to an endpoint, the newest first, with each attempt. Asks a server of the namespace.
   * @throws {@link NoAnswerError} when there is none
   */
  async deliveries(
    name: string,
    options: DeliveriesOptions = {},
  ): Promise<readonly WebhookDelivery[]> {
    const { limit = 20, signal } = options;
    const query = { flow: WEBHOOK_FLOW, tags: [webhookTag(checkToken("A webhook's name", name))] };
    const pageSize = Math.min(Math.max(1, Math.trunc(limit)), MOST_DELIVERIES);
    const list = this.#runs.list(query, signal === undefined ? { pageSize } : { pageSize, signal });
    const { runs } = await list.page();
    const read = await Promise.all(runs.map(({ id }) => readDelivery(this.#host, parseRunId(id))));
    return read.filter((one) => one !== undefined);
  }

  /**
   * One delivery with its attempts, by its run's id.
   * @throws {@link RunNotFoundError} when there is none, {@link InvalidNameError}
   */
  async delivery(runId: string): Promise<WebhookDelivery> {
    const found = await readDelivery(this.#host, parseRunId(runId));
    if (found === undefined) throw new RunNotFoundError(runId, this.#host.broker.log.namespace);
    return found;
  }

  /**
   * Sends what a run sent once more, with the same `webhook-id`: a receiver that has it can tell.
   * @throws {@link RunNotFoundError} when it is no delivery, {@link WebhookNotFoundError}
   */
  async replay(runId: string): Promise<WebhookRun> {
    const run = parseRunId(runId);
    const { log } = this.#host.broker;
    const whole = run.flow === WEBHOOK_FLOW ? await readWholeHistory(this.#host, run) : undefined;
    if (whole === undefined) throw new RunNotFoundError(runId, log.namespace);
    const { payloads } = this.#host;
    const input = decodeValue(await payloads.open(whole.submission.input)) as WebhookInput;
    await this.get(input.webhook);
    const { id = run.token, type } = input;
    const timestamp = input.timestamp ?? new Date(whole.submission.submittedAt).toISOString();
    return this.#submit({ ...input, id, ...(type === undefined ? {} : { timestamp }) });
  }

  async #submit(input: WebhookInput, key?: string): Promise<WebhookRun> {
    const options = { queue: BUILT_IN_QUEUE, tags: [webhookTag(input.webhook)] };
    const run = await submit(this.#host, WEBHOOK_FLOW, input, {
      ...options,
      ...(key === undefined ? {} : { key }),
    });
    return new RunHandle(this.#host, parseRunId(run.id));
  }

  async #change(
    name: string,
    change: (before: WebhookEndpoint) => WebhookEndpoint,
  ): Promise<WebhookView> {
    const changedAt = this.#host.clock.now();
    const made = await changeRecord(this.#host, KIND, keyOf(name), (before) => {
      if (before === undefined) throw new WebhookNotFoundError(name);
      const after = change(before);
      return after === before ? before : { ...after, changedAt };
    });
    return shown(name, made, undefined);
  }
}

/** What of an endpoint can be settled. Only the URL has to be, and only of a new one. */
export interface WebhookOptions {
  /** Where deliveries are posted to: http or https, without user and password. */
  readonly url?: string;
  /** `whsec_…`, added to those that are there. Default: one is made for a new endpoint. */
  readonly secret?: string;
  /** Sent with each delivery, in place of those before. Shown to nobody. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one attempt may take, 100 ms to 60 s. Default 15 s. */
  readonly timeout?: Duration;
  /** The delay after each failed attempt. Default 5 s, 30 s, 2 min, 10 min, 1 h, 5 h, 10 h, 24 h. */
  readonly retryDelays?: readonly Duration[];
  /** When the endpoint is given up. Default: nothing delivered for 5 days, and at least 20 failed attempts. */
  readonly disableAfter?: DisableOptions | "never";
}

/** An endpoint that was just made or changed. */
export interface MadeWebhook extends WebhookView {
  /** The secret that was made: keep it now, it is not shown again. */
  readonly secret?: string;
}

export interface SendOptions {
  /** The same key is the same delivery. Default: a new one. */
  readonly key?: string;
  /** The `webhook-id`. Default: the key. */
  readonly id?: string;
  /** With a type, `{ type, timestamp, data: body }` is sent, as Standard Webhooks recommends. */
  readonly type?: string;
}

export interface DeliveriesOptions {
  /** 1 to 100, default 20. */
  readonly limit?: number;
  /** Gives the question up, with its reason. */
  readonly signal?: AbortSignal;
}

/** A delivery: a run of its own. */
export type WebhookRun = RunHandle<WebhookReceipt>;

/** What a delivery comes to in the end. */
export interface WebhookReceipt {
  /** The `webhook-id`. */
  readonly id: string;
  readonly attempts: number;
  /** The receiver's answer. */
  readonly status: number;
}

const MOST_DELIVERIES = 100;

const KIND = { encode: encodeWebhook, decode: decodeWebhook };

const NEW = Object.freeze({
  secrets: [],
  headers: {},
  disabled: undefined,
  failing: undefined,
  version: 0,
});

function keyOf(name: string): string {
  return webhookKey(checkToken("A webhook's name", name));
}

/** The generated secret is only told if it is one of the endpoint's now. */
function shown(
  name: string,
  endpoint: WebhookEndpoint | undefined,
  generated: string | undefined,
): MadeWebhook {
  if (endpoint === undefined) throw new WebhookNotFoundError(name);
  const isKept = endpoint.secrets.some(({ secret }) => secret === generated);
  return {
    ...webhookView(endpoint),
    ...(generated !== undefined && isKept ? { secret: generated } : {}),
  };
}
