import type { Node } from "./program.ts";

/** True when the program gives the same outcome in whatever order its steps end and its signals come. */
export function isOrderFree(node: Node): boolean {
  switch (node.type) {
    case "step":
    case "sleep":
    case "note":
    case "throw":
    case "attach":
      return true;
    case "receive":
      // Which value comes is checked against the inbox, and is no part of the outcome.
      return node.timeoutMs === 0;
    case "chance":
      // Drawn in the order of the calls, and the time is that of the last event seen.
      return false;
    case "race":
      return node.nodes.length === 1 && node.nodes.every(isOrderFree);
    case "all":
      return node.nodes.every(isOrderFree) && node.nodes.filter(canFail).length <= 1;
    case "sequence":
    case "settled":
      return node.nodes.every(isOrderFree);
    case "each":
      return isOrderFree(node.body) && (node.items <= 1 || !canFail(node.body));
    case "catch":
      return isOrderFree(node.body) && isOrderFree(node.handler);
    case "nested":
    case "shield":
    case "saga":
      return isOrderFree(node.body);
    case "child":
      if (node.use === "leave") return true;
      return node.use !== "cancel" && node.deadlineMs === 0 && isOrderFree(node.body);
  }
}

function canFail(node: Node): boolean {
  switch (node.type) {
    case "step":
      return node.failures > 0 && (node.fatal || node.failures >= node.attempts);
    case "throw":
      return true;
    case "sleep":
    case "chance":
    case "note":
    case "receive":
    case "attach":
    case "settled":
      return false;
    case "sequence":
    case "all":
    case "race":
      return node.nodes.some(canFail);
    case "each":
      return node.items > 0 && canFail(node.body);
    case "catch":
      return canFail(node.handler);
    case "nested":
    case "shield":
    case "saga":
      return canFail(node.body);
    case "child":
      return node.use !== "leave" && (node.deadlineMs > 0 || canFail(node.body));
  }
}
