// Containers for generated files: gzip, zstd, zip and tar, each written here.

import zlib from 'node:zlib';

/** Relative paths with their bytes. */
export type Tree = ReadonlyMap<string, Buffer>;

/** A zip with deflated or stored members. */
export function zipOf(tree: Tree): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of tree) {
    const packed = zlib.deflateRawSync(bytes);
    const isStored = packed.length >= bytes.length;
    const body = isStored ? bytes : packed;
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2); // names are UTF-8
    common.writeUInt16LE(isStored ? 0 : 8, 4);
    common.writeUInt16LE(0x5a21, 8); // 2025-01-01
    common.writeUInt32LE(zlib.crc32(bytes), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(title.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, title, body);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    central.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, rest, title);
    at += 4 + common.length + title.length + body.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(tree.size, 8);
  end.writeUInt16LE(tree.size, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}

/** A tar in ustar's format. */
export function tarOf(tree: Tree): Buffer {
  const parts: Buffer[] = [];
  for (const [name, bytes] of tree) {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000644\x000000000\x000000000\0', 100, 'latin1');
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    header.write('14735400000\0        0', 136, 'latin1');
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    parts.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** How a file, or several, come: as they are, in a folder, compressed, in an archive. */
export const WRAPS: { readonly [name: string]: (tree: Tree) => Tree } = {
  gzip: (tree) => each(tree, '.gz', (bytes) => zlib.gzipSync(bytes)),
  zstd: (tree) => each(tree, '.zst', (bytes) => zlib.zstdCompressSync(bytes)),
  zip: (tree) => new Map([['corpus.zip', zipOf(tree)]]),
  tar: (tree) => new Map([['corpus.tar', tarOf(tree)]]),
  'tar.gz': (tree) => new Map([['corpus.tar.gz', zlib.gzipSync(tarOf(tree))]]),
  'zip in a zip': (tree) => new Map([['outer.zip', zipOf(new Map([['part/corpus.zip', zipOf(tree)]]))]]),
};

function each(tree: Tree, suffix: string, pack: (bytes: Buffer) => Buffer): Tree {
  return new Map([...tree].map(([name, bytes]) => [`${name}${suffix}`, pack(bytes)]));
}
