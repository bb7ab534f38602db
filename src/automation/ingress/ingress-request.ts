import type { SubmitOptions } from "../../definition/submit-options.ts";
import type { Payload } from "../../engine/payload.ts";
import type { RunRef } from "../../engine/run-id.ts";

/** What a message of the ingress asks for. */
export type IngressRequest = SubmitRequest | SignalRequest | CancelRequest | DueRequest;

export interface SubmitRequest {
  readonly kind: "submit";
  readonly flow: string;
  /** As its publisher gave it. Nothing: the flow makes one of the input, or else it is {@link SubmitRequest.ownKey}. */
  readonly key: string | undefined;
  /** `ingress-<sequence>`: what the publisher knows from the broker's ack. */
  readonly ownKey: string;
  readonly input: IngressInput;
  readonly options: Omit<SubmitOptions, "key" | "ifExists">;
}

/** A value, or one that may have to be fetched and decoded first. */
export type IngressInput =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "payload"; readonly payload: Payload };

export interface SignalRequest {
  readonly kind: "signal";
  readonly run: RunRef;
  readonly name: string;
  readonly value: unknown;
  /** The same for the same signal, however often it is handed out or published. */
  readonly id: string;
}

export interface CancelRequest {
  readonly kind: "cancel";
  readonly run: RunRef;
  readonly reason: string;
  /** A token: the same however often it is handed out. */
  readonly id: string;
}

/** A schedule's fire time. */
export interface DueRequest {
  readonly kind: "due";
  readonly flow: string;
  readonly schedule: string;
}
