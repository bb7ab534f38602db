/**
 * A value a user wrote, as bytes with the name of their encoding: `undefined`, `json`, `devalue`, `binary`, or `error`.
 * The core carries payloads and never looks into them.
 */
export interface Payload {
  readonly encoding: string;
  readonly data: Uint8Array;
}
