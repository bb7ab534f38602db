import type { Layers } from "../engine/partition.ts";
import { SettingsMismatchError } from "../engine/usage-errors.ts";
import type { StreamInfo } from "./stream-settings.ts";

/** What the stream of partition 0 records of its namespace. */
export interface NamespaceRecord {
  readonly layers: Layers;
  /** The last layer is being added: older ones may still take new runs, so nobody may work yet. */
  readonly isBeingAdded: boolean;
}

/** The record as metadata of a stream: `millrace.partitions` is `4`, or `1+4` with two layers. */
export function recordOf({
  layers,
  isBeingAdded: adding,
}: NamespaceRecord): Record<string, string> {
  return { [PARTITIONS]: layers.join("+"), ...(adding ? { [ADDING]: "yes" } : {}) };
}

/** True for the name of a metadata entry that Millrace or the broker writes. */
export function isOurs(name: string): boolean {
  return name.startsWith("millrace.") || name.startsWith("_nats.");
}

/** Partitions are being added to the namespace whose partition 0 this is, or somebody died while doing so. */
export function isBeingAdded(stream: StreamInfo): boolean {
  return stream.config.metadata?.[ADDING] !== undefined;
}

/** The layers that a stream records. @throws {@link SettingsMismatchError} when it records none. */
export function layersOf(stream: StreamInfo, namespace: string): Layers {
  const layers = readLayers(stream);
  if (layers !== undefined) return layers;
  throw new SettingsMismatchError(
    `Stream ${stream.config.name}`,
    ["it was not made by Millrace: it records no number of partitions"],
    `Use another namespace than ${namespace}, or remove that stream.`,
  );
}

/** The same; nothing when it records none. */
export function readLayers(stream: StreamInfo): Layers | undefined {
  const text = stream.config.metadata?.[PARTITIONS] ?? "";
  const layers = text.split("+").map(Number);
  return layers.every((one) => Number.isInteger(one) && one > 0) ? layers : undefined;
}

const PARTITIONS = "millrace.partitions";
const ADDING = "millrace.adding";
