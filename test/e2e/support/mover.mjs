// A process that moves runs into the archive, or back, until it is killed or done.
import { connect } from "../../../dist/index.js";
import { report, settings } from "./settings.mjs";

const { servers, namespace, flow, ids } = settings;
const millrace = await connect({ servers, namespace });
report({ ready: true });
if (ids === undefined) {
  for await (const one of millrace.archive.addAll({ flow, olderThan: "1ms" })) {
    report({ id: one.id, status: one.status, error: one.error?.message });
  }
} else {
  for (const id of ids) {
    // What came back before is no failure.
    const status = await millrace.archive.restore(id).then(
      () => "restored",
      (error) => error.code,
    );
    report({ id, status });
  }
}
await millrace.close();
report({ done: true });
