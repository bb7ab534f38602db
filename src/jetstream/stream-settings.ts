/** The part of a stream's description that is used here. */
export interface StreamInfo {
  readonly config: {
    readonly name: string;
    readonly num_replicas: number;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly subjects?: readonly string[];
    readonly retention?: string;
    /** Nanoseconds. */
    readonly max_age?: number;
    readonly max_bytes?: number;
    readonly [setting: string]: unknown;
  };
  /** When it was made, by the broker's clock. */
  readonly created: string;
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
  };
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly PeerInfo[] };
  readonly ts?: string;
}

interface PeerInfo {
  readonly name: string;
  readonly current: boolean;
  readonly offline?: boolean;
}

/** A stream's settings, by the broker's names. */
export interface StreamConfig extends Readonly<Record<string, unknown>> {
  readonly name: string;
}
