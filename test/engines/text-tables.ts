// Logs on the S3 server of the run, as external tables of lines.
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Files, TextTables } from './both-readers.js';
import { type Database, engines, s3Client, trino } from './started.js';

let count = 0;

export function textTables(own: Database): TextTables {
  return {
    trino: async (sql) => trino(sql, { schema: own.name }),
    table: async (files: Files) => {
      count += 1;
      const name = `logs_${count}`;
      for (const [file, body] of Object.entries(files)) await put(`${own.name}/${name}/${file}`, body);
      const location = `${own.location}${name}/`;
      await trino(
        `CREATE TABLE ${name} (line VARCHAR) WITH (format = 'TEXTFILE', external_location = '${location}', textfile_field_separator = U&'\\0001')`,
        { schema: own.name },
      );
      return { name, location };
    },
  };
}

export async function put(key: string, body: string | Uint8Array): Promise<void> {
  const client = s3Client();
  try {
    await client.send(new PutObjectCommand({ Bucket: engines().bucket, Key: key, Body: body }));
  } finally {
    client.destroy();
  }
}

/** A zstd frame that packs nothing: Node packs none before 22. */
export function zstd(body: Uint8Array): Buffer {
  const most = 128 * 1024;
  const blocks = Array.from({ length: Math.max(1, Math.ceil(body.length / most)) }, (_, at) => {
    const block = body.subarray(at * most, (at + 1) * most);
    const header = Buffer.alloc(3);
    header.writeUIntLE(block.length * 8 + ((at + 1) * most >= body.length ? 1 : 0), 0, 3);
    return Buffer.concat([header, block]);
  });
  return Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...blocks]);
}
