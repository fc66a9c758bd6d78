// Files in MaxMind's format, version 2.0: maxmind.github.io/MaxMind-DB. A tree of 24-bit records
// over 128 bits, IPv4 below ::/96.

import { parseAddress } from '../../../gateway/addresses/address.ts';

type Value = string | number | { readonly [name: string]: Value };

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const SEPARATOR = Buffer.alloc(16);

function control(type: number, size: number): Buffer {
  const sized = size < 29 ? [size] : [29, size - 29];
  const [first = 0, ...more] = sized;
  return Buffer.from(type > 7 ? [first, type - 7, ...more] : [(type << 5) | first, ...more]);
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(2, bytes.length), bytes]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const pairs = Object.entries(value).flatMap(([name, each]) => [encode(name), encode(each)]);
  return Buffer.concat([control(7, Object.keys(value).length), ...pairs]);
}

function bitsOf(text: string): string {
  const address = parseAddress(text);
  if (!address) throw new Error('no address');
  const words = address.family === 4 ? [0, 0, 0, address.word] : address.words;
  return words.map((word) => (word >>> 0).toString(2).padStart(32, '0')).join('');
}

type Node = [Node | number | undefined, Node | number | undefined];

/** @param networks as `192.0.2.0/24`, and what is known of each */
export function mmdbOf(networks: { readonly [network: string]: Value }): Buffer {
  const root: Node = [undefined, undefined];
  const values = Object.values(networks).map(encode);
  const offsets = values.map((_, i) => values.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  for (const [i, network] of Object.keys(networks).entries()) {
    const [address = '', prefix = ''] = network.split('/');
    const depth = Number(prefix) + (address.includes(':') ? 0 : 96);
    const bits = bitsOf(address).slice(0, depth);
    let node = root;
    for (const bit of bits.slice(0, -1)) {
      const below = node[Number(bit) as 0 | 1];
      const next: Node = Array.isArray(below) ? below : [undefined, undefined];
      node[Number(bit) as 0 | 1] = next;
      node = next;
    }
    node[Number(bits.at(-1)) as 0 | 1] = offsets[i];
  }
  const nodes: Node[] = [root];
  for (const node of nodes) nodes.push(...node.filter((each): each is Node => Array.isArray(each)));
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [at, node] of nodes.entries())
    for (const [side, below] of node.entries()) {
      const record = Array.isArray(below)
        ? nodes.indexOf(below)
        : below === undefined
          ? nodes.length
          : nodes.length + SEPARATOR.length + (below as number);
      tree.writeUIntBE(record, at * 6 + side * 3, 3);
    }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 6,
    database_type: 'Test',
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 0,
  });
  return Buffer.concat([tree, SEPARATOR, ...values, MARKER, metadata]);
}
