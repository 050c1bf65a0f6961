// Problems of `showback init`: told before anything is written.
import { ofKind, type ProblemTexts } from './problem-text.js';

export const DRAFTING: ProblemTexts = ofKind('user', {
  'init/exists': [
    'The folder has a pipeline, registry, rules or price book already, and nothing is written over them.',
    'Name another folder, or `--force`, which keeps the old files as `*.old`.',
  ],
  'init/no-files': ['What was named holds no file.', 'Name folders or files that hold bills and usage logs.'],
  'init/no-folder': ['The new folder that was named is a file.', 'Name a folder; it need not be there yet.'],
  'init/no-such-path': ['A path that was named is not there.', 'Name a file or folder that is there.'],
  'init/nothing-named': [
    'Neither bills nor usage logs were named.',
    'Name some: `showback init --bills ./exports --usage ./logs`.',
  ],
  'init/nothing-recognised': [
    'None of the files is a bill or a log that is read. Each is told with its reason.',
    'Do for one of them what its arrow says, then call it again.',
  ],
  'init/too-many-files': [
    'A folder holds more files than are looked through.',
    'Name the folders within that hold bills and logs.',
  ],
});
