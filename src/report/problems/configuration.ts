// Problems of the pipeline file, the registry and the books: all of them are told at once, before anything is read or written.
import { ofKind, type ProblemTexts } from './problem-text.js';

export const CONFIGURATION: ProblemTexts = ofKind('user', {
  'config/bad-grain': [
    'The grains under `within` are not in an order that can be tried: finest first, each holding one of `day`, `month` and `previous_month`, none twice.',
    'Write the finest grain first, such as `[[day, sku, meter], [month, sku, meter]]`.',
  ],
  'config/bad-key': [
    'A key of a mapping is not of the form that the keys of this mapping have.',
    'Write it as the message shows.',
  ],
  'config/bad-price': [
    'A price in a book is not a decimal that can be multiplied exactly, or is out of all proportion.',
    'Write plain digits without exponent; leave the price empty where it ends.',
  ],
  'config/bad-tier': ['The tier of a price row cannot be read.', 'Write the conditions as docs/prices.md lists them.'],
  'config/bad-value': [
    'A value is of the right type, but not one that can be: a date that does not exist, a pattern that never matches, an option that says nothing here.',
    'Correct it as the arrow says; the caret stands below the value.',
  ],
  'config/csv-cells': [
    'A row of a book has more or fewer cells than its header.',
    'Add or remove commas; quote a cell that holds one.',
  ],
  'config/csv-header': [
    'The header of a book lacks a column, has one twice, or has one that nobody knows.',
    'Write the columns as the message lists them.',
  ],
  'config/csv-syntax': [
    'A quote in a book is not closed, or stands inside of a cell. Rows after it were not checked.',
    'Put quotes around the whole cell, and double a quote within.',
  ],
  'config/date-order': [
    'Two dates stand in an order that cannot be: an end before its beginning, a change outside of the service.',
    'Correct one of the two.',
  ],
  'config/duplicate-entry': ['A fixed cost is registered twice.', 'Keep one of the two, or give one another id.'],
  'config/duplicate-feature': ['A feature is registered, or listed in a rule, twice.', 'Keep one of the two.'],
  'config/duplicate-file': ['A list of files names one of them twice.', 'Name it once.'],
  'config/duplicate-key': ['A mapping has the same key twice; YAML would silently keep one of them.', 'Keep one of the two.'],
  'config/duplicate-pool': ['Two rules have the same pool name.', 'Give one of them a name of its own.'],
  'config/duplicate-price': [
    'A book has two prices for the same thing from the same moment.',
    'Give the new price a later `valid_from`; a book only grows.',
  ],
  'config/duplicate-row': ['An earlier row of the book says something else of the same thing.', 'Keep one of the two.'],
  'config/duplicate-source': ['Two sources have the same id.', 'Give one of them an id of its own.'],
  'config/empty': ['A key or cell that needs a value has none, or a file is empty.', 'Give it a value, or leave the key out.'],
  'config/missing-file': [
    'A file that the configuration names is not there. Paths are relative to the company folder, `root`.',
    'Correct the path, or put the file there.',
  ],
  'config/missing-key': ['A key that is needed here is missing.', 'Add it at the place that is shown.'],
  'config/money-twice': [
    'Two sources of money tell of the same provider, account and time: their cost would count twice.',
    'Give one of them `role: evidence`, or name a different `account` in each.',
  ],
  'config/no-owner': [
    'A feature has nobody who answers for its cost.',
    'Add `owners:` with at least one of feature, platform, business.',
  ],
  'config/not-a-pool': [
    'A rule passes cost to a feature that is not of kind `pool`.',
    'Name a pool, or give the feature `kind: pool`.',
  ],
  'config/not-append-only': [
    'A row of a price book was changed or removed. History could not be rated again as it was.',
    'Restore the line, and append a row with a later `valid_from`.',
  ],
  'config/not-utf8': ['A file of the configuration is not UTF-8 text.', 'Save it as UTF-8.'],
  'config/nul-byte': ['A file of the configuration holds a NUL byte: usually it is UTF-16.', 'Save it as UTF-8.'],
  'config/overlapping-owners': [
    'A role of a feature has two owners on the same day: its cost would be told to both.',
    'End the one before the other begins; `to` is the first day that is not included.',
  ],
  'config/overlapping-shares': [
    'A feature has two shares in force on the same day.',
    'End the one before the other begins; `to` is the first day that is not included.',
  ],
  'config/pool-cycle': ['Pools feed each other in a circle, so that no level comes first.', 'Take one of the feeds out.'],
  'config/pool-not-fed': [
    'A rule shares a pool that no rule feeds.',
    'Add the pool to `feeds:` of the rule that passes cost to it.',
  ],
  'config/pool-not-taken': [
    'A feature of kind `pool` has no rule that shares it, so its cost would stay there.',
    'Add a rule with `match: { pool: … }`, or drop `kind: pool`.',
  ],
  'config/share-gap': ['There are days on which no share is in force.', 'Let the next share begin where the one before ends.'],
  'config/share-sum': ['The shares that are in force together do not sum to 1.', 'Correct them by the difference that is shown.'],
  'config/unknown-feature': [
    'A rule or entry names a feature that is not registered.',
    'Correct the name, or register it in features.yaml.',
  ],
  'config/unknown-key': [
    'A key that nobody reads here: mostly a typing error.',
    'Take the word that is suggested, or remove the key.',
  ],
  'config/unknown-meter': ['A word that is no meter.', 'Take the one that is suggested; docs/usage-events.md lists them.'],
  'config/unknown-value': ['A word that is none of those that can stand here.', 'Take the one that is suggested.'],
  'config/unquoted-number': [
    'An account or id is written without quotes, so YAML reads a number and loses leading zeros and long digits.',
    'Quote it.',
  ],
  'config/unreachable-rule': [
    'A rule never gets a charge, since an earlier one takes all of them: the first match wins.',
    'Remove it, narrow the earlier match, or put this rule before it.',
  ],
  'config/unreadable-file': [
    'A file of the configuration may not be read by this user.',
    'Give the user of the run the right to read it.',
  ],
  'config/usage-twice': [
    'Two sources of billed usage tell of the same provider and account: what was used would count twice.',
    'Keep one of them, or name a different `account` in each.',
  ],
  'config/wrong-type': [
    'A value is of another type than the one that is needed: a text for a list, for example.',
    'Write it as the message says.',
  ],
  'config/yaml-syntax': [
    'The YAML cannot be read from here on. What follows was not checked.',
    'Look at this line and the one above: mostly indentation, or a colon or quote in a text.',
  ],
  'config/yaml-too-complex': [
    'A file of the configuration repeats itself through aliases, or is nested too deeply, until nobody can read it.',
    'Write the values out in full.',
  ],
});
