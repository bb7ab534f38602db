import { gunzipSync } from "node:zlib";

/**
 * The bytes of the first regular file of this name (in whatever folder) in a `.tar.gz`.
 * Read here rather than by `tar`, which not every machine has.
 */
export function unpackFile(archive: Uint8Array, name: string): Uint8Array | undefined {
  const bytes = gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  let offset = 0;
  while (offset + BLOCK <= bytes.length) {
    const header = bytes.subarray(offset, offset + BLOCK);
    const path = text(header, 0, 100);
    if (path === "") return undefined;
    const size = Number.parseInt(text(header, 124, 12).trim() || "0", 8);
    const type = text(header, 156, 1);
    const start = offset + BLOCK;
    if (!Number.isSafeInteger(size) || start + size > bytes.length) return undefined;
    const isFile = type === "" || type === "0";
    if (isFile && path.split("/").at(-1) === name) return bytes.subarray(start, start + size);
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}

const BLOCK = 512;
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

function text(header: Buffer, start: number, length: number): string {
  const field = header.toString("latin1", start, start + length);
  const end = field.indexOf("\0");
  return end === -1 ? field : field.slice(0, end);
}
