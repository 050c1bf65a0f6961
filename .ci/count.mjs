// Counts tests from the runner's own JSON reports: `N passed, N failed[, N skipped]`.
// Fails on a failed test, on a file that did not load, on no tests at all, and on a skipped test that gives no reason.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @param {{ testResults?: readonly { name: string, status: string, message?: string, assertionResults: readonly { fullName: string, status: string }[] }[] }} report */
export function countTests(report) {
  const files = report.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  // A file that fails outside of its tests (an import, a hook) has no failed test of its own: it counts as one.
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failed = tests.filter((test) => test.status === 'failed').length + broken.length;
  const left = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  const problems = [
    ...broken.map((file) => `${file.name}: ${file.message || 'failed outside of its tests'}`),
    ...left.filter((test) => !/\breason: *\S/.test(test.fullName)).map((test) => `skipped without a reason: ${test.fullName}`),
    ...(passed + failed === 0 ? ['no test ran'] : []),
  ];
  const skipped = left.length === 0 ? '' : `, ${left.length} skipped`;
  return { line: `${passed} passed, ${failed} failed${skipped}`, problems, ok: failed === 0 && problems.length === 0 };
}

function main(paths) {
  const reports = paths.map((path) => readReport(path));
  const { line, problems, ok } = countTests({ testResults: reports.flatMap((report) => report.testResults ?? []) });
  for (const problem of problems) console.error(problem);
  console.log(line);
  // Every report must be there: tests that did not run did not pass.
  return ok && reports.every((report) => report.testResults !== undefined) ? 0 : 1;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return {};
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = main(process.argv.length > 2 ? process.argv.slice(2) : ['.cache/test-report.json']);
