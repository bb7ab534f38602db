import type { CheckCause, CheckReport } from "../../debug/index.ts";
import { CHECK_KINDS, causeText } from "./render-check.ts";

/**
 * A check as JUnit XML: a suite for each flow, in it a test case for each cause, failed or in error, and one that passed for the
 * runs that fit.
 */
export function junitOf(report: CheckReport, seconds: number): string {
  const flows = [...new Set([...Object.keys(report.fitsByFlow), ...report.causes.map(flowOf)])];
  const suites = flows.toSorted().map((flow) => suiteOf(flow, report));
  const { tests, failures, errors } = sumOf(suites);
  const counts = `tests="${tests}" failures="${failures}" errors="${errors}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="millrace check" ${counts} time="${seconds.toFixed(3)}">`,
    ...suites.map(({ xml }) => xml),
    "</testsuites>",
    "",
  ].join("\n");
}

interface Suite {
  readonly xml: string;
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
}

function flowOf({ flow }: CheckCause): string {
  return flow;
}

function suiteOf(flow: string, { causes, fitsByFlow }: CheckReport): Suite {
  const own = causes.filter((cause) => cause.flow === flow);
  const fits = fitsByFlow[flow] ?? 0;
  const failures = own.filter(({ kind }) => kind === "parks" || kind === "differs").length;
  const errors = own.length - failures;
  const tests = own.length + (fits > 0 ? 1 : 0);
  const name = flow === "" ? "files" : flow;
  const lines = [
    `  <testsuite name="${escapeXml(name)}" tests="${tests}" failures="${failures}" errors="${errors}">`,
    ...(fits > 0
      ? [`    <testcase classname="${escapeXml(name)}" name="${runs(fits)} fit"/>`]
      : []),
    ...own.map((cause) => caseOf(name, cause)),
    "  </testsuite>",
  ];
  return { xml: lines.join("\n"), tests, failures, errors };
}

function caseOf(classname: string, cause: CheckCause): string {
  const { kind, runs: count } = cause;
  const isFailure = kind === "parks" || kind === "differs";
  const element = isFailure ? "failure" : "error";
  const name = `${runs(count)} ${CHECK_KINDS[kind]}: ${cause.text}`;
  const message = cause.hint === "" ? cause.text : cause.hint;
  return [
    `    <testcase classname="${escapeXml(classname)}" name="${escapeXml(name)}">`,
    `      <${element} type="${kind}" message="${escapeXml(message)}">${escapeXml(causeText(cause).join("\n"))}</${element}>`,
    "    </testcase>",
  ].join("\n");
}

function runs(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}

function sumOf(suites: readonly Suite[]): Omit<Suite, "xml"> {
  const sum = (of: (suite: Suite) => number): number =>
    suites.reduce((total, suite) => total + of(suite), 0);
  return {
    tests: sum(({ tests }) => tests),
    failures: sum(({ failures }) => failures),
    errors: sum(({ errors }) => errors),
  };
}

/** XML 1.0 has no way to say most control characters, and none for half a pair. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(NOT_IN_XML, "\u{fffd}")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
