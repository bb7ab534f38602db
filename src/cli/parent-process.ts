/** What a worker tells the process that started it with an IPC channel: `millrace dev` and the examples. */
export interface ServingMessage {
  readonly type: "serving";
  readonly worker: string;
}

export function tellParent(message: ServingMessage): void {
  process.send?.(message);
}

/** Ends this process when such a parent is gone, however it went: its broker went with it. */
export function leaveWithParent(): void {
  if (process.send !== undefined) process.on("disconnect", () => process.exit(0));
}

/** Reads what a child sent; anything else is nothing. */
export function readServingMessage(message: unknown): ServingMessage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { type, worker } = message as Partial<Record<keyof ServingMessage, unknown>>;
  return type === "serving" && typeof worker === "string" ? { type, worker } : undefined;
}
