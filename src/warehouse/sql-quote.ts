// Names and texts as SQL that cannot be read as anything else.

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text that a column of a Parquet file holds in every row. As the only value of its type no row of it is hashed where it is written. */
export function constant(text: string): string {
  return `CAST(${literal(text)} AS ENUM(${literal(text)}))`;
}
