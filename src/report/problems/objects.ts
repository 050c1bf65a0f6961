// Problems of S3: its answers, and publishing to it.
import { ofKind, type ProblemTexts } from './problem-text.js';

const TO_MEND: ProblemTexts = ofKind('user', {
  's3/access-denied': [
    'The identity of the run may not do what it tried. The message is of S3; the permission that is missing is named.',
    'Allow it in the policy of the identity, the bucket or the KMS key.',
  ],
  's3/bad-address': ['No request can be made of the bucket, prefix or endpoint as written.', 'Write it as the arrow says.'],
  's3/bad-key': [
    'The key of an object could leave its prefix, or be another one on another server: `..`, `//`, a control character.',
    'Give the object a plain name.',
  ],
  's3/clock-skew': ['The clock of the machine is too far from that of S3, which so refuses every signature.', 'Set the clock.'],
  's3/credentials': [
    'There are no credentials in the chain of the AWS SDK, or S3 does not take them.',
    'Give some by AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of the machine.',
  ],
  's3/archived': [
    'The object lies in an archive, from which S3 reads nothing before it is restored.',
    'Restore it, or leave it out of the pattern.',
  ],
  's3/expired-token': ['The credentials were good, and have expired.', 'Get new ones, then run again.'],
  's3/no-bucket': ['There is no bucket of that name.', 'Check the name, or create it.'],
  's3/not-ours': [
    'Publishing would write over an object that showback did not make, or that a newer version made.',
    'Publish to a prefix of its own, or with the version that wrote it.',
  ],
  's3/refused': ['S3 refused for a reason of its own, which is told in its words.', 'See what it says.'],
  's3/wrong-region': [
    'The bucket is in another region than the one that was named, or none was.',
    'Name the region of the bucket.',
  ],
});

const NOT_NOW: ProblemTexts = ofKind('unavailable', {
  's3/changed': [
    'An object is not as it was when it was read: another program wrote it meanwhile.',
    'Let the other one end, then run again.',
  ],
  's3/slow-down': ['S3 asked for fewer requests at every try.', 'Run again later.'],
  's3/unavailable': [
    'S3 cannot be reached, failed, was silent, or gave answers that end too early.',
    'Check the network and the endpoint, then run again.',
  ],
});

const WRONG: ProblemTexts = ofKind('check', {
  's3/file-gone': [
    'A file of the run was removed while it was being published.',
    'Run again, and let nothing else remove files there.',
  ],
  's3/no-run': ['The folder of the run to publish has no manifest, or that of another run.', 'Make the run again.'],
  's3/not-as-sent': [
    'An object is not what was put there a moment ago. `current.json` was not changed: readers see the run of before.',
    'Let nothing else write below the prefix, then run again.',
  ],
  's3/other-bytes': ['A file of the run is not what its manifest says.', 'Make the run again.'],
  's3/run-differs': [
    'The run that readers see has the same id and other bytes, so that writing it would change what they read.',
    'Publish to another prefix, or find out what made the same inputs give other bytes.',
  ],
});

const HELD: ProblemTexts = ofKind('locked', {
  's3/fenced': [
    'The lease went to another publisher while this one was away. It has published nothing.',
    'Run again: what is still to be published will be.',
  ],
  's3/locked': [
    'Another publisher holds the lease of this prefix; who, and until when, is told.',
    'Wait for it to end; the lease of one that was killed ends by itself.',
  ],
});

export const OBJECTS: ProblemTexts = { ...TO_MEND, ...NOT_NOW, ...WRONG, ...HELD };
