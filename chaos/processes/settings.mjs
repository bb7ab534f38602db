// @ts-check
/**
 * What a process of the field is started with: one JSON argument.
 * @type {{ readonly who: string, readonly servers: readonly string[], readonly namespace: string, readonly ledger: string,
 *   readonly ledgerFile: string, readonly lease: number, readonly seed: string, readonly build: string, readonly rate: number,
 *   readonly open: number, readonly finish: boolean, readonly database: string, readonly replicas: number }}
 */
export const settings = JSON.parse(process.argv[2] ?? "{}");

/** Tells the process that started this one. @param {object} fact */
export function report(fact) {
  process.send?.(fact);
}

// Whoever started it is gone: nobody needs it any more.
process.on("disconnect", () => process.exit(1));
