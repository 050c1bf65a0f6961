// ZIP files as the tests need them: whole ones, and ones that nobody should pack.
import { crc32, deflateRawSync } from 'node:zlib';

export interface Packed {
  readonly name: string;
  readonly text: string | Buffer;
  readonly isStored?: boolean;
  readonly isEncrypted?: boolean;
  readonly isLink?: boolean;
  readonly method?: number;
  /** In place of the true ones. */
  readonly says?: { readonly crc?: number; readonly bytes?: number };
}

export function zipOf(files: readonly Packed[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const file of files) {
    const content = Buffer.from(file.text);
    const name = Buffer.from(file.name);
    const packed = file.isStored === true ? content : deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800 | (file.isEncrypted === true ? 1 : 0), 2);
    fields.writeUInt16LE(file.method ?? (file.isStored === true ? 0 : 8), 4);
    fields.writeUInt32LE(0x58210000, 6);
    fields.writeUInt32LE(file.says?.crc ?? crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(file.says?.bytes ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const header = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, name]);
    const more = Buffer.alloc(14);
    if (file.isLink === true) more.writeUInt32LE((0o120777 << 16) >>> 0, 6);
    more.writeUInt32LE(at, 10);
    local.push(header, packed);
    central.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), fields, more, name);
    at += header.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, directory, end]);
}
