import { expect } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';

/** What work fails with, which must be a failure that a person is told of. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}
