// Vectors of PROTOCOL.md §7, §8 and §17: bodies and filters, and one to refuse for each reason.

import { createHash } from 'node:crypto';
import type { BucketId, LayerId } from '../../../protocol/brands.ts';
import { encodeContent, shortenTags } from '../../../protocol/bucket.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import type { MetadataBytes } from '../../../protocol/metadata.ts';
import { bucketInput, computeSeal } from '../../../protocol/seal.ts';
import { leafHash, MerkleTree, NODE_BYTES, rootFromPath } from '../../../protocol/signed/merkle.ts';
import { toHex } from '../examples/oprf-examples.ts';
import { hmacSuite, LAYER } from './inputs.ts';

const { sealKey } = hmacSuite();
const TAGS = [0, 1, 0x29667c75f433, 0x7fffffffffff, 0xffffffffffff];
const FORM_TAGS = Float64Array.of(1, 0x00000fffffff, 0x29667c75f433, 0x9fffffffffff);
const PREFIX_BITS = 10;
const ID = 658 as BucketId;
const PLACE = { layer: LAYER, index: 'account', prefixBits: PREFIX_BITS, id: ID } as const;

interface Case {
  readonly name: string;
  readonly body: Uint8Array;
  readonly metadataBytes?: MetadataBytes;
  readonly similar?: boolean;
  readonly bodyBytes?: readonly number[];
}

const pad = (body: Uint8Array, bytes: number): Uint8Array => {
  const padded = new Uint8Array(bytes);
  padded.set(body);
  return padded;
};

function contentOf(count: number, metadataBytes: MetadataBytes, similar = false): Uint8Array {
  const tags = TAGS.slice(0, count);
  const metadata = Uint8Array.from({ length: count * metadataBytes }, (_, i) => 17 * i + 1);
  return encodeContent({ tags, metadata, metadataBytes, forms: similar ? shortenTags(FORM_TAGS) : undefined });
}

const seal = (content: Uint8Array): Uint8Array => concatBytes(content, computeSeal(sealKey, PLACE, content));

const describe = ({ name, body, metadataBytes = 1, similar = false, bodyBytes = [body.length] }: Case) => ({
  ...{ name, metadataBytes, similar, bodyBytes, answer: toHex(body) },
});

const GOOD = (): (Case & { readonly count: number })[] => [
  { name: 'no entry', body: pad(seal(contentOf(0, 1)), 32), count: 0 },
  { name: 'one entry', body: pad(seal(contentOf(1, 1)), 48), count: 1 },
  { name: 'no metadata', body: pad(seal(contentOf(5, 0)), 64), metadataBytes: 0, count: 5 },
  { name: 'one byte of metadata', body: pad(seal(contentOf(5, 1)), 64), count: 5 },
  { name: 'three bytes of metadata', body: pad(seal(contentOf(5, 3)), 80), metadataBytes: 3, count: 5 },
  { name: 'similar forms', body: pad(seal(contentOf(5, 1, true)), 80), similar: true, count: 5 },
  { name: 'without padding', body: seal(contentOf(5, 1)), count: 5 },
  { name: 'more padding than needed', body: pad(seal(contentOf(5, 1)), 256), bodyBytes: [64, 256], count: 5 },
];

/** Changes bytes of a content, and seals it anew: only the form is wrong. */
function spoiled(name: string, change: (content: Uint8Array) => Uint8Array | undefined, similar = false): Case {
  const content = contentOf(5, 1, similar);
  return { name, body: seal(change(content) ?? content), similar };
}

const write =
  (at: number, ...bytes: number[]) =>
  (content: Uint8Array): undefined =>
    void content.set(bytes, at < 0 ? content.length + at : at);

const END_OF_TAGS = 6 + 30;

function setLowBit(content: Uint8Array, at: number): undefined {
  content[at] = (content[at] as number) | 1;
}

const malformed = (): Case[] => [
  { name: 'shorter than header and tail', body: new Uint8Array(21) },
  spoiled('another format', write(0, 3)),
  spoiled('the format of a bucket with forms', (content) => contentOf(5, 1, true).slice(0, content.length + 12)),
  spoiled('metadata of two bytes', write(1, 2)),
  spoiled('metadata of another width than the statement has', () => contentOf(5, 0)),
  spoiled('a count of 2^24', write(2, 1, 0, 0, 0)),
  spoiled('a count that cannot fit', write(2, 0, 0, 255, 255)),
  spoiled('tags that run into the tail', write(5, 6)),
  spoiled('a tag of 2^48', (content) => void content.fill(0xff, 6, 30)),
  spoiled('a 1 bit in the rest of the last byte', (content) => setLowBit(content, END_OF_TAGS - 1)),
  { name: 'padding that is not zero', body: pad(concatBytes(seal(contentOf(5, 1)), Uint8Array.of(0, 1)), 64) },
  { name: 'a length that is not listed', body: pad(seal(contentOf(5, 1)), 80), bodyBytes: [64, 96] },
  spoiled('forms of 11 bits', write(END_OF_TAGS + 5, 11), true),
  spoiled('forms of 49 bits', write(END_OF_TAGS + 5, 49), true),
  spoiled('a number of forms that cannot fit', write(END_OF_TAGS + 6, 0, 0, 255, 255), true),
];

function forged(): Case[] {
  const other = (place: object): Uint8Array => {
    const content = contentOf(5, 1);
    return concatBytes(content, computeSeal(sealKey, { ...PLACE, ...place }, content));
  };
  const flipped = seal(contentOf(5, 1));
  flipped[END_OF_TAGS] = (flipped[END_OF_TAGS] as number) ^ 1;
  return [
    { name: 'one bit of metadata flipped', body: flipped },
    { name: 'of another position', body: other({ id: 659 }) },
    { name: 'of the other index', body: other({ index: 'password' }) },
    { name: 'of other prefixBits', body: other({ prefixBits: 11 }) },
    { name: 'of another layer', body: other({ layer: '00'.repeat(16) }) },
  ];
}

/** One bucket of a tree of 2^11, so that a path has siblings in its segment and above. */
function signed() {
  const prefixBits = 11;
  const content = contentOf(5, 1);
  const place = { ...PLACE, prefixBits };
  const siblings = Array.from({ length: prefixBits }, (_, level) =>
    Uint8Array.from(createHash('sha256').update(`sibling ${level}`).digest()),
  );
  const path = siblings.reduce<Uint8Array>((all, node) => concatBytes(all, node), new Uint8Array(0));
  const root = toHex(rootFromPath(leafHash(bucketInput(place, content)), ID, siblings));
  const body = concatBytes(content, path.subarray(0, 10 * NODE_BYTES));
  const bodyBytes = [body.length + 16];
  const answer = (padded: Uint8Array, upper: Uint8Array): string => toHex(concatBytes(padded, upper));
  const upper = path.subarray(10 * NODE_BYTES);
  const wrong = upper.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
  const good = pad(body, body.length + 16);
  return {
    ...{ prefixBits, root, bodyBytes, metadataBytes: 1, tags: TAGS.map(hex48) },
    ...{ answer: answer(good, upper), wrongSibling: answer(good, wrong), withoutSibling: toHex(good) },
  };
}

/** One prefix in two layers: the answer is both bodies, one behind the other. */
function layered() {
  const added = { ...PLACE, layer: '0f'.repeat(16) as LayerId };
  const [first, second] = [contentOf(5, 1), contentOf(2, 1)];
  const bodies = [
    pad(concatBytes(first, computeSeal(sealKey, PLACE, first)), 96),
    pad(concatBytes(second, computeSeal(sealKey, added, second)), 48),
  ] as const;
  const answer = (...parts: Uint8Array[]): string => parts.map(toHex).join('');
  return {
    layers: [
      { layer: PLACE.layer, metadataBytes: 1, bodyBytes: [64, 96] },
      { layer: added.layer, metadataBytes: 1, bodyBytes: [48] },
    ],
    answer: answer(...bodies),
    tags: [TAGS, TAGS.slice(0, 2)].map((tags) => tags.map(hex48)),
    refused: [
      { name: 'without the last layer', code: 'BODY_MALFORMED', answer: answer(bodies[0]) },
      { name: 'without the first layer', code: 'BODY_MALFORMED', answer: answer(bodies[1]) },
      { name: 'in another order', code: 'BODY_MALFORMED', answer: answer(bodies[1], bodies[0]) },
      { name: 'a layer more', code: 'BODY_MALFORMED', answer: answer(...bodies, bodies[1]) },
      { name: 'a byte more', code: 'BODY_MALFORMED', answer: answer(...bodies, Uint8Array.of(0)) },
      { name: 'a byte less', code: 'BODY_MALFORMED', answer: answer(...bodies).slice(2) },
      { name: 'nothing', code: 'BODY_MALFORMED', answer: '' },
      {
        ...{ name: 'the first layer for the last one', code: 'BODY_FORGED' },
        answer: answer(bodies[0], pad(concatBytes(second, computeSeal(sealKey, PLACE, second)), 48)),
      },
    ],
  };
}

const hex48 = (tag: number): string => tag.toString(16).padStart(12, '0');

/** A small tree, whole: its root and the path of one leaf. */
function tree() {
  const leaves = [0, 1, 2, 3].map((i) => leafHash(Uint8Array.of(i)));
  const { root } = new MerkleTree(leaves);
  return { inputs: ['00', '01', '02', '03'], leaves: leaves.map(toHex), root: toHex(root) };
}

export function buckets() {
  return {
    ...{ layer: LAYER, index: 'account', prefixBits: PREFIX_BITS, bucketId: ID, sealKey: toHex(sealKey) },
    accepted: GOOD().map((good) => {
      const forms = good.similar ? shortenTags(FORM_TAGS) : undefined;
      return {
        ...describe(good),
        tags: TAGS.slice(0, good.count).map(hex48),
        ...(forms && { formBits: forms.bits, formTags: [...forms.tags] }),
      };
    }),
    refused: [
      ...malformed().map((one) => ({ code: 'BODY_MALFORMED', ...describe(one) })),
      ...forged().map((one) => ({ code: 'BODY_FORGED', ...describe(one) })),
    ],
    signed: signed(),
    layered: layered(),
    tree: tree(),
  };
}
