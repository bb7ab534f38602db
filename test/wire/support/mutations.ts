import fc, { type Arbitrary } from "fast-check";

/** Bytes with a few of them changed, put in or taken out: what a fault or a foe could leave of a message. */
export function anyMutationOf(bytes: Uint8Array): Arbitrary<Uint8Array> {
  const anyPlace = fc.nat({ max: bytes.length });
  const anyByte = fc.nat({ max: 255 });
  const anyChange = fc.record({ kind: fc.constantFrom(...KINDS), at: anyPlace, byte: anyByte });
  return fc.array(anyChange, { minLength: 1, maxLength: 4 }).map((changes) => {
    let mutated = [...bytes];
    for (const { kind, at, byte } of changes) {
      if (kind === "set") mutated[Math.min(at, mutated.length)] = byte;
      else if (kind === "insert") mutated.splice(at, 0, byte);
      else if (kind === "remove") mutated.splice(at, 1);
      else mutated = mutated.slice(0, at);
    }
    return Uint8Array.from(mutated);
  });
}

const KINDS = ["set", "insert", "remove", "cut"] as const;
