// Vectors of PROTOCOL.md §19: a watch tag that opens, and one to refuse for each reason.

import { x25519 } from '@noble/curves/ed25519.js';
import type { DatasetId, KeyId, PrfOutput, WatchPublicKey, WatchSecretKey } from '../../../protocol/brands.ts';
import { normalizePassword, normalizeUsername } from '../../../protocol/normalize.ts';
import { pairInput } from '../../../protocol/private-input.ts';
import { formatWatchPublicKey, formatWatchSecretKey, watchKeyId } from '../../../protocol/watch/watch-key.ts';
import { encodeWatchedPairs, formatWatchTag, watchAad, watchInfo } from '../../../protocol/watch/watch-tag.ts';
import { fromHex, toHex } from '../examples/oprf-examples.ts';
import { sealWith } from '../examples/watch-examples.ts';
import { STATEMENT } from '../signed/samples.ts';
import { hmacSuite } from './inputs.ts';

const SECRET = fromHex<WatchSecretKey>('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8');
const RECIPIENT = x25519.getPublicKey(SECRET) as WatchPublicKey;
const ACCOUNT = 'account-é-7';
const TODAY = 20_786;

interface Sealing {
  readonly account?: string;
  readonly dataset?: DatasetId;
  readonly keyId?: KeyId;
  readonly watchKey?: KeyId;
  readonly plain?: Uint8Array;
}

const outputs = (count: number): PrfOutput[] =>
  Array.from({ length: count }, (_, i) =>
    hmacSuite().evaluate(pairInput(normalizeUsername(`name${i}@example.test`), normalizePassword('pass word'))),
  );

function seal(sealing: Sealing): string {
  const bound = { dataset: sealing.dataset ?? STATEMENT.dataset, keyId: sealing.keyId ?? hmacSuite().keyId };
  const aad = watchAad(sealing.account ?? ACCOUNT) as Uint8Array;
  const plain = sealing.plain ?? encodeWatchedPairs(TODAY, outputs(2));
  const { enc, sealed } = sealWith(new Uint8Array(32).fill(7), RECIPIENT, watchInfo(bound), aad)(plain);
  return formatWatchTag({ ...bound, watchKey: sealing.watchKey ?? watchKeyId(RECIPIENT), enc, sealed });
}

const changed = (bytes: Uint8Array, at: number, byte: number): Uint8Array =>
  bytes.map((old, i) => (i === at ? byte : old));

function refused() {
  const tag = seal({});
  const plain = encodeWatchedPairs(TODAY, outputs(2));
  return [
    ['unsupported-version', tag.replace('-1.', '-2.')],
    ['malformed', `${tag}A`],
    ['malformed', `${tag.slice(0, -1)}*`],
    ['malformed', ''],
    ['truncated', tag.slice(0, -1)],
    ['truncated', tag.slice(0, 8)],
    ['other-watch-key', seal({ watchKey: '0123456789abcdef' as KeyId })],
    ['other-dataset', seal({ dataset: 'fedcba9876543210' as DatasetId })],
    ['other-key', seal({ keyId: '0123456789abcdef' as KeyId })],
    ['altered-or-moved', seal({ account: 'account-8' })],
    ['altered-or-moved', `${tag.slice(0, -1)}${tag.endsWith('A') ? 'B' : 'A'}`],
    ['malformed', seal({ plain: changed(plain, 2, 0) })],
    ['malformed', seal({ plain: changed(plain, 3, 1) })],
    ['malformed', seal({ plain: changed(plain, 227, 1) })],
    ['future-day', seal({ plain: encodeWatchedPairs(TODAY + 2, outputs(2)) })],
  ].map(([reason, text]) => ({ reason, text }));
}

export function watchTags() {
  const opened = (name: string, count: number) => ({
    ...{ name, text: seal({ plain: encodeWatchedPairs(TODAY, outputs(count)) }), day: TODAY, pairs: count },
    entries: outputs(Math.min(count, 16)).map((output) => toHex(output.subarray(0, 14))),
  });
  return {
    secretKey: formatWatchSecretKey(SECRET, watchKeyId(RECIPIENT)),
    publicKey: formatWatchPublicKey(RECIPIENT),
    ...{ dataset: STATEMENT.dataset, keyId: hmacSuite().keyId, account: ACCOUNT, today: TODAY },
    opened: [opened('one pair', 1), opened('sixteen pairs', 16), opened('more pairs than a tag holds', 17)],
    refused: refused(),
  };
}
