// Problems of the command line, of folders and disks, and of runs.
import { ofKind, type ProblemTexts } from './problem-text.js';

const ARGUMENTS: ProblemTexts = ofKind('user', {
  'cli/bad-argument': [
    'A value of an option or argument is not one that can stand there. All of them are told at once.',
    'Write it as the arrow says.',
  ],
  'cli/no-bridge': [
    'The published run is of a version that made no variance bridge.',
    'Make the marts anew: `showback run --force`.',
  ],
  'cli/no-movement': [
    'The run is of a version that told no movement of what it publishes.',
    'Make the marts anew: `showback run --force`.',
  ],
  'cli/no-owners': ['The run is of a version that made no statement by owner.', 'Make the marts anew: `showback run --force`.'],
  'cli/no-pipeline': ['There is no pipeline file where one was looked for.', 'Name one, or go to the folder that has it.'],
  'cli/no-warehouse': [
    'The run has no warehouse file in the state folder, so it cannot be asked.',
    'Name the state folder with `--state`, ask for a run that is kept, or make the file again: `showback run --force`.',
  ],
  'cli/nothing-published': ['The output folder publishes no run yet.', 'Run the pipeline first: `showback run`.'],
  'cli/unknown-month': ['Nothing is published of the month that was asked for.', 'Take one of those that are listed, or run it.'],
  'cli/unknown-owner': ['Nobody of this name answers for any cost of the month.', 'Take the name that is suggested.'],
  'cli/unknown-provider': ['The month has neither a bill nor usage of this provider.', 'Take the one that is suggested.'],
  'cli/unknown-run': ['No past run has the name that was asked for.', 'Take one that `showback show` lists, or `last`.'],
  'cli/which-pipeline': ['Several pipelines lie here, and none is named.', 'Name one of those that are listed.'],
  'diff/arguments': [
    'What is named is no comparison: of two runs, or with `--source` of two deliveries of one bill in a month.',
    'Name it as the arrow says; `showback diff --help` has examples.',
  ],
  'diff/collected': [
    'A delivery that is to be compared is no longer in landing.',
    'Compare with a later one; `retention` says how long replaced deliveries are kept.',
  ],
  'diff/no-bill': ['The source tells usage, which has no lines of a bill.', 'Name a bill.'],
  'diff/no-earlier-run': [
    'Nothing was published before this run, so there is nothing to compare it with.',
    'Name the run to compare with, or run again when something came.',
  ],
  'diff/no-run': ['The pipeline has no run of this name.', 'Take one of those that are listed; the beginning of its id will do.'],
  'diff/nothing-landed': ['Nothing of the source has landed yet.', 'Run the pipeline first: `showback run`.'],
  'diff/nothing-published': ['The output folder publishes no run yet.', 'Run the pipeline first: `showback run`.'],
  'diff/run-collected': [
    'The run is known, and neither its warehouse file nor its published files are kept any more.',
    'Take one of those that are listed; `retention` says how many runs stay.',
  ],
  'diff/unknown-feature': ['Neither run has figures of this feature.', 'Take the one that is suggested.'],
  'diff/unknown-month': ['Neither run has figures of this month.', 'Take one of those that are listed.'],
  'diff/unknown-run': [
    'No kept run has the name that was asked for, or it was made of the same files of this source as the run before it.',
    'Take one of those that are listed.',
  ],
  'diff/which-run': ['Several runs begin with what was asked for.', 'Write more of the id.'],
  'diff/unknown-source': ['The pipeline has no source of this name.', 'Take the one that is suggested.'],
  'publish/name-taken': [
    'The output folder has something else under a name that belongs to what is published.',
    'Move it away, or set `out` to a folder of its own.',
  ],
  'publish/not-a-folder': ['A file lies where a folder must be.', 'Move it away, or set `out` to a folder of its own.'],
  'rates/unknown-model': [
    'No price book knows the model that was asked for.',
    'Take a name that is shown, or add a row or an alias.',
  ],
  'rerate/collected': [
    'What the published run was made of is no longer in the state folder.',
    'Make the run again: `showback run --force`.',
  ],
  'rerate/idle-book': [
    'The price book prices nothing that was used in the months: it would tell that nothing changes.',
    'Compare its provider, sku, meter, tier and valid_from with those of `showback rates show`.',
  ],
  'rerate/months': ['The months that were asked for are in the wrong order, or not published.', 'Name some that are listed.'],
  'rerate/no-prices': ['There are no other prices to rate with.', 'Name a book with `--prices`, or a day with `--as-of-book`.'],
  'run/carried-columns': [
    'Months that stay as published have other columns than this version gives its marts, so they cannot stand beside new ones.',
    'Publish all months again: run once without `look_back`.',
  ],
  'run/scope': ['The month or day that was asked for cannot be published.', 'Ask for one that can, as the message says.'],
});

const NOT_NOW: ProblemTexts = ofKind('unavailable', {
  'disk/unavailable': [
    'The disk refused: full, read-only, no permission, or broken.',
    'Free or mend it, then run again; what was published before still stands.',
  ],
  'publish/unavailable': [
    'The output folder refused what was to be published.',
    'Free or mend it, then run again; what was published before still stands.',
  ],
  'rates/file': ['The price book cannot be read or written.', 'Check the path and its permissions.'],
  'rates/no-catalogue': ['The package with the public price catalogue holds no data.', 'Install it again: `npm ci`.'],
  'run/state': ['The state folder cannot be written.', 'Make it writable, or name another one under `state`.'],
});

const CHECKS: ProblemTexts = ofKind('check', {
  'contract/check': ['Rows of a table break a rule of its contract.', 'Follow the arrow; the rows are below the message.'],
  'contract/columns': [
    'A table has other columns than its contract promises.',
    'Change the select or the contract so that both say the same.',
  ],
  'contract/grain': ['A table has several rows of one grain.', 'Aggregate, or name the true grain in the contract.'],
  'contract/null': [
    'A column that is never null by its contract is null.',
    'Find where the value is lost, or mark the column nullable.',
  ],
  'docs/stale': ['A generated page is not what its source says.', 'Write it again: `showback docs`.'],
  'engine/arithmetic': [
    'A sum or product has more digits than can be held exactly. Nothing is rounded silently.',
    'Look for an amount that is out of all proportion; the message names the table.',
  ],
  'rates/conflict': [
    'The public catalogue and the price book have different prices from the very same day.',
    'Decide which is right: append a later row to the book, or sync again tomorrow.',
  ],
  'rates/odd-time': [
    'The public catalogue changes a price at a moment that is no whole minute.',
    'Price that model in a book of your own.',
  ],
  'rerate/unpriced': [
    'The other prices leave usage without a price: its amounts, and what features bear of the month, are told as unknown.',
    'Add the row that the message names to the book, or keep the own books beside it.',
  ],
  'run/history-damaged': [
    'A published file that the movement of a month is told against is gone or was changed since.',
    'Put it back from a copy; or run once with `--force`: the movement of that month begins anew, and a warning tells so.',
  ],
  'run/carried-damaged': [
    'A file of a month that stays as published is gone or was changed since.',
    'Put it back, or publish the month again: `showback backfill --force`.',
  ],
});

export const RUNNING: ProblemTexts = {
  ...ARGUMENTS,
  ...NOT_NOW,
  ...CHECKS,
  ...ofKind('locked', {
    'run/locked': [
      'Another run holds the state folder.',
      'Wait for it, or let `run`, `backfill` and `gc` wait: `--wait <seconds>`. The lock goes with its process.',
    ],
  }),
};
