// What a service says, made fit to be shown: without anything that opens a door, and no longer than a person reads.

const HIDDEN = '(hidden)';
const LONGEST = 1500;

/** Key ids, and what signed requests and addresses carry. */
const SECRET_SHAPES: readonly RegExp[] = [
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g,
  /(?<=x-amz-security-token[=:]\s*)[^\s&,;"']+/gi,
  /(?<=x-amz-(?:signature|credential)[=:]\s*)[^\s&,;"']+/gi,
  /(?<=\b(?:Signature|Credential)=)[^\s&,;"']+/g,
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
];

export function shownWords(text: string, secrets: readonly string[] = []): string {
  const known = secrets.filter((secret) => secret.length >= 8);
  const without = known.reduce((words, secret) => words.replaceAll(secret, HIDDEN), text);
  const clean = SECRET_SHAPES.reduce((words, shape) => words.replace(shape, HIDDEN), without);
  // Control characters could redraw a terminal; line breaks are kept.
  const plain = clean.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ').trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)} …` : plain;
}
