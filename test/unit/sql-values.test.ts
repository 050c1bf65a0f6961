import { describe, expect, it } from 'vitest';
import { withValues } from '../../src/model/sql-values.js';

describe('parameters', () => {
  it('become texts where they stand, and nowhere else', () => {
    const select = `SELECT '$1', "$2" FROM t WHERE a = $2 AND b >= CAST($1 AS DATE) -- $1`;
    expect(withValues(select, ["it's", '2026-09-01'])).toBe(
      `SELECT '$1', "$2" FROM t WHERE a = '2026-09-01' AND b >= CAST('it''s' AS DATE) -- $1`,
    );
  });

  it('are null where they are, or where nobody gives them', () => {
    expect(withValues('SELECT $1, $2, $10', [null, 'x'])).toBe("SELECT CAST(NULL AS VARCHAR), 'x', CAST(NULL AS VARCHAR)");
  });
});
