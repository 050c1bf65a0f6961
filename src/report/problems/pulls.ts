// Problems of providers that a source asks for costs.
import { ofKind, type ProblemTexts } from './problem-text.js';

const TO_MEND: ProblemTexts = ofKind('user', {
  'pull/elsewhere': [
    'A page of a declared API leads to another server, which would get the key.',
    'Ask the provider why; where it is meant, name that server in `pull.url`.',
  ],
  'pull/more-pages': [
    'The answer of a declared API says that there are more pages, and the source declares no way to them.',
    'Declare `pull.page`: a part of a bill is no bill.',
  ],
  'pull/forbidden': ['The key is good and may not read costs.', 'Use an admin key of the organization.'],
  'pull/no-key': [
    'The variable that the pipeline names is not set where showback runs, or holds no key.',
    'Set it in the environment of cron, systemd or Airflow; keys never stand in the pipeline file.',
  ],
  'pull/not-found': [
    'There is nothing at the address that was asked.',
    'Check `pull.url`; of a provider that is known it may be left out. Of usage, name in `pull.endpoints` only what is there.',
  ],
  'pull/proxy': [
    'The proxy that the environment names does not let requests through, or its address is none.',
    'Write HTTPS_PROXY as `http://host:port`, with `user:password@` where it asks for them; NO_PROXY lists hosts that need none.',
  ],
  'pull/refused': ['The provider refused what was asked, for a reason that is told in its words.', 'See what it says.'],
  'pull/unauthorized': ['The provider does not take the key.', 'Use an admin key of the organization, not of a project.'],
});

const NOT_NOW: ProblemTexts = ofKind('unavailable', {
  'pull/endless': ['Pages of an answer lead back to each other, or never end.', 'Run again later, or read the costs from files.'],
  'pull/export-broken': [
    'The file of an export is cut, unpacks to too much, holds something odd, or lacks a part.',
    'Run again: another export is asked for then.',
  ],
  'pull/export-failed': [
    'The provider did not make the export that was asked for, or made one of other days, or does not give out its file.',
    'See what it says, and run again: another export is asked for then.',
  ],
  'pull/export-pending': [
    'An export, or another one before it, is not ready within half an hour.',
    'Run again later: on the same day the run goes on with the same export.',
  ],
  'pull/no-page': [
    'What a declared API answers is JSON at every try, and not what the source declares.',
    'Correct `records`, `pull.page` or what is asked; see what the answer says.',
  ],
  'pull/shifted': [
    'Pages of one answer state different totals: costs changed while they were read.',
    'Run again; where it is no total of all pages, leave it out of `total`.',
  ],
  'pull/slow-down': [
    'The provider asked for fewer requests at every try, or to wait longer than a run does.',
    'Run again later.',
  ],
  'pull/unavailable': ['The provider failed to answer at every try.', 'Run again later.'],
  'pull/unreachable': [
    'No whole answer came at any try: nobody answered, the answer was cut, came too slowly, or was no page of the API.',
    'Check the network, its proxy and the address, then run again.',
  ],
});

export const PULLS: ProblemTexts = { ...TO_MEND, ...NOT_NOW };
