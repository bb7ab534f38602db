import type { Topic } from "./create-api.ts";
import { archiveTopic } from "./routes/archive-routes.ts";
import { bulkTopic } from "./routes/bulk-routes.ts";
import { controlTopic } from "./routes/control-routes.ts";
import { deadLetterTopic } from "./routes/dead-letter-routes.ts";
import { eventTopic } from "./routes/event-routes.ts";
import { explainTopic } from "./routes/explain-routes.ts";
import { forkTopic } from "./routes/fork-routes.ts";
import { healthTopic } from "./routes/health-routes.ts";
import { hookTopic } from "./routes/hook-routes.ts";
import { metricsTopic } from "./routes/metrics-routes.ts";
import { projectionTopic } from "./routes/projection-routes.ts";
import { queueTopic } from "./routes/queue-routes.ts";
import { receiveHookTopic } from "./routes/receive-hook-route.ts";
import { resultTopic } from "./routes/result-routes.ts";
import { runTopic } from "./routes/run-routes.ts";
import { scheduleTopic } from "./routes/schedule-routes.ts";
import { searchTopic } from "./routes/search-routes.ts";
import { submitTopic } from "./routes/submit-routes.ts";
import { tokenTopic } from "./routes/token-routes.ts";
import { triggerTopic } from "./routes/trigger-routes.ts";
import { webhookTopic } from "./routes/webhook-routes.ts";
import { workerTopic } from "./routes/worker-routes.ts";

/** All that the API is about. */
export const TOPICS: readonly Topic[] = Object.freeze([
  submitTopic,
  forkTopic,
  searchTopic,
  runTopic,
  resultTopic,
  explainTopic,
  eventTopic,
  controlTopic,
  queueTopic,
  workerTopic,
  bulkTopic,
  scheduleTopic,
  triggerTopic,
  deadLetterTopic,
  archiveTopic,
  projectionTopic,
  webhookTopic,
  hookTopic,
  receiveHookTopic,
  tokenTopic,
  healthTopic,
  metricsTopic,
]);
