// `--json`: one JSON object a line, its keys in the spelling of the published tables.
import type { Output, RunView } from './io.js';

export function ndjsonView(stdout: Output): RunView {
  return { listen: (event) => stdout.write(jsonLine(event)), close: () => undefined };
}

/** `runId` of the program is `run_id` outside of it, at any depth. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_, inner: unknown) => (isRecord(inner) ? spelled(inner) : inner))}\n`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function spelled(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeCase(key), inner]));
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
