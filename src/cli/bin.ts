#!/usr/bin/env node
// What npm puts on the PATH. An old Node would fail on a line of the program that it does not know, so its version comes first.
import { readFileSync } from 'node:fs';
import { EXIT_CODE } from '../kernel/failure.js';
import { tooOld } from './node-version.js';

interface Manifest {
  readonly engines: { readonly node: string };
}

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;
const problem = tooOld(engines.node, process.versions.node);
if (problem === null) await import('./main.js');
else {
  process.stderr.write(problem);
  process.exitCode = EXIT_CODE.user;
}
