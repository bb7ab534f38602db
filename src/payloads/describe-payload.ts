import type { BlobPayload, CodedPayload } from "../engine/payload.ts";

/** What stands in the place of a value that is not opened: where it is and who can read it. */
export function describePayload({ data, blob, codec }: CodedPayload | BlobPayload): string {
  const how = codec === undefined ? "" : `encoded by ${codec}`;
  if (blob === undefined) return `<${how}, ${data.length} bytes>`;
  const where = `blob of ${blob.size} bytes in ${blob.store}: ${blob.key}`;
  return `<${how === "" ? where : `${where}, ${how}`}>`;
}
