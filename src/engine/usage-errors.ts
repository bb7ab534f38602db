import { MillraceError } from "./millrace-error.ts";

/** A name, key or id has characters or a length that Millrace does not accept. */
export class InvalidNameError extends MillraceError {
  readonly code = "INVALID_NAME";

  constructor(what: string, value: unknown, rule: string) {
    super(`${what} ${shown(value)} is not allowed: ${rule}.`);
  }
}

/** A duration is not a number of milliseconds or text such as "250ms", "10s", "5m", "3d". */
export class InvalidDurationError extends MillraceError {
  readonly code = "INVALID_DURATION";

  constructor(value: unknown) {
    super(
      `${shown(value)} is not a duration. Use milliseconds or text such as "250ms", "10s", "5m", "2h", "3d".`,
    );
  }
}

/** An option has a value that cannot work. */
export class InvalidOptionError extends MillraceError {
  readonly code = "INVALID_OPTION";

  constructor(option: string, value: unknown, rule: string) {
    super(`Option ${option} cannot be ${shown(value)}: ${rule}.`);
  }
}

/** The connection, or the worker on it, was closed before the call was made or answered. */
export class ConnectionClosedError extends MillraceError {
  readonly code = "CONNECTION_CLOSED";

  constructor(during: string) {
    super(
      `The connection was closed during: ${during}. Connect again; nothing that was accepted is lost.`,
    );
  }
}

/** The broker did not answer in time, or refused. The cause is kept. */
export class BrokerError extends MillraceError {
  readonly code = "BROKER_ERROR";
}

/**
 * A partition's stream is another one than it was, or ends before what was read from it: restored from a backup, or made
 * anew. What was folded from it is worth nothing.
 */
export class FeedBrokenError extends MillraceError {
  readonly code = "FEED_BROKEN";
  readonly partition: number;

  constructor(partition: number, what: string) {
    super(
      `Partition ${partition} can not be read on: ${what}. Rebuild what was made of it, from its start: millrace projection rebuild`,
    );
    this.partition = partition;
  }
}

/** A namespace or queue exists with other settings than were asked for. Nothing was changed. */
export class SettingsMismatchError extends MillraceError {
  readonly code = "SETTINGS_MISMATCH";

  constructor(what: string, differences: readonly string[], next: string) {
    super(
      `${what} exists with other settings: ${differences.join("; ")}. Nothing was changed. ${next}`,
    );
  }
}

/**
 * Partitions were added to the namespace, or are being added: who knows only the former ones would look for runs in the wrong
 * place. What it publishes is refused by the broker.
 */
export class NamespaceChangedError extends MillraceError {
  readonly code = "NAMESPACE_CHANGED";
  readonly namespace: string;

  constructor(namespace: string, state: "added" | "adding") {
    super(
      state === "added"
        ? `Partitions were added to namespace ${namespace}, and this connection knows the former ones only: it is closed. Connect again; nothing that was accepted is lost.`
        : `Partitions are being added to namespace ${namespace}. Connect again when that is done; if nobody is at it, run "millrace namespace add-partitions" again, with the same number.`,
    );
    this.namespace = namespace;
  }
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}... (${text.length} characters)` : text;
}
