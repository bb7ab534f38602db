import { createHash } from "node:crypto";
import { inPieces } from "./in-pieces.ts";

/** The SHA-256 of bytes in lower-case hexadecimal, made piece by piece: 200 MB hold up nobody. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of inPieces(bytes)) hash.update(piece);
  return hash.digest("hex");
}
