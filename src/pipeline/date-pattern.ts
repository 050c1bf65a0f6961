// Patterns of dates, as date-fns has them.
import { format, parse } from 'date-fns';

/** Does a date written by the pattern read as the same date? `mm` is minutes, and `YYYY` is refused. */
export function isDatePattern(pattern: string): boolean {
  const day = new Date(2026, 10, 23);
  try {
    return parse(format(day, pattern), pattern, new Date(2000, 0, 1)).getTime() === day.getTime();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
