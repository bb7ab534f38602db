import { stopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows a view again every two seconds, until the command is stopped. On a terminal each takes the place of the one before;
 * otherwise only one that differs is printed. Await it before the connection is disposed of that `render` uses. With `--json` each is one document that `render` prints.
 */
export async function repeatView(
  terminal: Terminal,
  render: () => Promise<readonly string[]>,
): Promise<void> {
  const stopped = stopSignal().then(() => "stopped" as const);
  let before: string | undefined;
  for (;;) {
    const lines = await render();
    const text = lines.join("\n");
    if (text !== before && lines.length > 0) {
      if (terminal.width !== undefined) terminal.clear();
      else if (before !== undefined) terminal.print("");
      terminal.print(text);
    }
    before = text;
    if ((await Promise.race([stopped, pause()])) === "stopped") return;
  }
}

const EVERY_MS = 2_000;

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, EVERY_MS).unref();
  });
}
