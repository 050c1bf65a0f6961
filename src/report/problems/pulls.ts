// Problems of providers that a source asks for costs.
import { ofKind, type ProblemTexts } from './problem-text.js';

const TO_MEND: ProblemTexts = ofKind('user', {
  'pull/forbidden': ['The key is good and may not read costs.', 'Use an admin key of the organization.'],
  'pull/no-key': [
    'The variable that the pipeline names is not set where showback runs, or holds no key.',
    'Set it in the environment of cron, systemd or Airflow; keys never stand in the pipeline file.',
  ],
  'pull/not-found': ['There is nothing at the address that was asked.', 'Check `pull.url`, or leave it out.'],
  'pull/refused': ['The provider refused what was asked, for a reason that is told in its words.', 'See what it says.'],
  'pull/unauthorized': ['The provider does not take the key.', 'Use an admin key of the organization, not of a project.'],
});

const NOT_NOW: ProblemTexts = ofKind('unavailable', {
  'pull/endless': ['Pages of an answer lead back to each other, or never end.', 'Run again later, or read the costs from files.'],
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
