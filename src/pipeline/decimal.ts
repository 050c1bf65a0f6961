// Exact sums of decimal text: shares and nothing else. Money is summed by the engine.
const SCALE = 12;

export const ONE = 10n ** BigInt(SCALE);

/** Units of 10^-12. The text has at most 12 decimals. */
export function unitsOf(text: string): bigint {
  const [whole = '0', decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(SCALE, '0'));
}

export function textOf(units: bigint): string {
  const digits = units.toString().padStart(SCALE + 1, '0');
  return `${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`.replace(/\.?0+$/, '');
}
