// Figures as text for people: exact digits in, exact digits out.

/** `-1234567.8900` with two digits → `-1,234,567.89`. Digits beyond are shown where they are not zero: nothing is rounded here. */
export function moneyText(amount: string, digits: number): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  if (match === null) return amount;
  const fraction = (match[3] ?? '').replace(/0+$/, '').padEnd(digits, '0');
  return `${match[1]}${grouped(match[2] ?? '0')}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Digits after the point that the currency is paid in. */
export function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

export function countText(count: number | bigint): string {
  return grouped(String(count));
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}

export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0');
  return minutes < 60 ? `${minutes} m ${rest} s` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** Months as people say them: a span where they follow each other. */
export function monthsText(months: readonly string[]): string {
  const sorted = [...months].sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return 'no month';
  const index = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5));
  const inRow = index(last) - index(first) === sorted.length - 1;
  return inRow && sorted.length > 2 ? `${first} through ${last}` : listed(sorted);
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
