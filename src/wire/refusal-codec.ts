/** Why a question was refused, as it travels to whoever asked. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What to tell of anything that was thrown while a question was answered. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Error)) return { code: UNKNOWN, message: cut(String(error)) };
  const { code } = error as { code?: unknown };
  return { code: typeof code === "string" ? code : UNKNOWN, message: cut(error.message) };
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(refusal));
}

/** Whatever came: an answer that cannot be read is a refusal all the same. */
export function decodeRefusal(data: Uint8Array): Refusal {
  try {
    const found = JSON.parse(new TextDecoder().decode(data)) as Partial<Record<string, unknown>>;
    const { code, message } = found;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // Told below.
  }
  return { code: UNKNOWN, message: "The question was refused, and the reason cannot be read." };
}

const UNKNOWN = "UNKNOWN_ERROR";
const LONGEST = 4_000;

function cut(message: string): string {
  return message.length > LONGEST ? `${message.slice(0, LONGEST)}...` : message;
}
