// Vectors of PROTOCOL.md §2 to §6: normalization, forms, outputs of both suites, times, metadata,
// ranges.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { LayerId, OprfSecretKey, PrivateInput } from '../../../protocol/brands.ts';
import { entryTag, formatTag, metadataPad, passwordBucketHash } from '../../../protocol/entry.ts';
import { createHmacSuite } from '../../../protocol/hmac-suite.ts';
import { parseHmacKey } from '../../../protocol/keys.ts';
import { encodeTimes, type MetadataBytes, openMetadata, writeMetadata } from '../../../protocol/metadata.ts';
import { isTooLong, normalizePassword, normalizeUsername, USERNAME_RULES } from '../../../protocol/normalize.ts';
import { createNobleOprf } from '../../../protocol/oprf.ts';
import { createOprfSuite } from '../../../protocol/oprf-suite.ts';
import { pairInput, passwordInput, similarInput, usernameInput } from '../../../protocol/private-input.ts';
import { similarForms } from '../../../protocol/similar.ts';
import type { KeyedSuite } from '../../../protocol/suite.ts';
import { createUsernameRewrite } from '../../../protocol/username-rules.ts';
import { fromHex, hashHex, toHex } from '../examples/oprf-examples.ts';
import { root } from '../paths.ts';

export const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
export const LAYER = 'abef0b9e0668a23d2bbddb5997765fca' as LayerId;
export const SECRET_KEY = fromHex<OprfSecretKey>('4c832e09d123d7f8a7718e4aad9da6c50944bab1f1127c97597da15e17b74e03');

/** Only code points that have been assigned since Unicode 6, so that tables of any age agree. */
const TEXTS = [
  'plain',
  '',
  '  ',
  ' Ada@Example.TEST\t',
  '\u3000Bob.\u212aelly@Example.TEST\u00a0',
  'ΟΔΥΣΣΕΥΣ',
  'ΑΣ.',
  'ΑΣ.Β',
  'İstanbul',
  'ﬁle',
  'ẞ',
  'e\u0301\u0323',
  '\u0085kept\u0085',
  '\u200bkept\u200b',
  '\ufeffcut\ufeff',
  'lone\ud800surrogate\udc00',
  '\u{1f511} pair of surrogates',
  'ＦＵＬＬ　ＷＩＤＴＨ',
  'Å\u212b',
  '한글',
  'ǅ',
  `zalgo${'\u0300\u0316'.repeat(40)}`,
];

/** Units whose repetition is just short enough, or too long. */
const LENGTHS = [
  ['x', 65_535],
  ['é', 1_024],
  ['é', 1_025],
  ['\u0345\u0334', 512],
  ['\u0345\u0334', 513],
  ['\u{1f511}', 1_024],
  ['\u{1f511}', 1_025],
  ['\u{1f511}x', 683],
  ['\ud800', 1_025],
] as const;

/** In hex: cut, overlong and impossible sequences, surrogates in three bytes, a byte order mark. */
const MALFORMED_UTF8 = [
  ['a cut sequence is one U+FFFD', '61e282'],
  ['a cut sequence before a letter is one', 'f09f9261'],
  ['each byte of an overlong sequence is one', 'c0af'],
  ['each byte of an overlong sequence of three', 'e080af'],
  ['each byte of a surrogate is one', 'eda080'],
  ['each byte beyond U+10FFFF is one', 'f4908080'],
  ['a lone continuation byte is one', '80'],
  ['two cut sequences are two', 'e282e282'],
  ['bytes that no sequence has', 'fffe'],
  ['windows-1252', '50617373e9'],
  ['a byte order mark stays', 'efbbbf70'],
] as const;

const FORMS = [
  'Summer23',
  'P@ssw0rd2019!',
  'abc',
  'AAAAA',
  '',
  'summersummer',
  'ΟΔΥΣΣΕΥΣ1',
  'İİİİ9',
  'ȺȺȺȺ',
  'e\u0301e\u0301e\u0301e\u0301e\u0301',
  '1234567890',
  '!!!!!!!!',
  's3cr3t s3cr3t',
  '10joyous',
  'r10joyous',
  '1@joyous',
  '\u{1f511}\u{1f511}\u{1f511}\u{1f511}1',
  'p455w0rd',
  '0000abcd',
  'passé-2024',
];

type Ruled = { readonly [rule: string]: readonly (readonly [text: string, username: string])[] };
const { description: _, ...RULED } = JSON.parse(
  fs.readFileSync(path.join(root, 'test/fixtures/vectors/username-rules.json'), 'utf8'),
) as Ruled & { readonly description: unknown };

/** Usernames under rules: each rule alone, and all together. */
export const usernameRules = () =>
  Object.entries(RULED).flatMap(([name, cases]) => {
    const rules = USERNAME_RULES.filter((rule) => name === 'all' || name === rule);
    const rewrite = createUsernameRewrite(rules);
    return cases.map(([text]) => ({ rules, text, username: toHex(rewrite(normalizeUsername(text))) }));
  });

export const normalization = () =>
  TEXTS.map((text) => ({ text, username: toHex(normalizeUsername(text)), password: toHex(normalizePassword(text)) }));

export const lengths = () =>
  LENGTHS.map(([unit, times]) => ({ unit, times, isTooLong: isTooLong(unit.repeat(times)) }));

/** Text that comes as bytes, some of them not UTF-8. */
export const malformedUtf8 = () =>
  MALFORMED_UTF8.map(([name, bytes]) => {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(fromHex(bytes));
    return { name, bytes, password: toHex(normalizePassword(text)) };
  });

export const forms = () =>
  FORMS.map((password) => ({ password, forms: similarForms(normalizePassword(password)).map(toHex) }));

function outputsOf(suite: KeyedSuite) {
  const username = normalizeUsername('Bob.Σ@Example.TEST');
  const password = normalizePassword(' Cafe\u0301 2 \u{1f511}');
  const [form] = similarForms(password);
  if (!form) throw new Error('the password has no form');
  const inputs: [number, PrivateInput][] = [
    [1, pairInput(username, password)],
    [1, pairInput(username, normalizePassword(''))],
    [2, usernameInput(username)],
    [3, passwordInput(password)],
    [4, similarInput(username, form)],
    [3, passwordInput(normalizePassword('x'.repeat(65_530)))],
  ];
  return inputs.map(([kind, input]) => {
    const output = suite.evaluate(input);
    const given =
      input.length < 1000 ? { input: toHex(input) } : { inputSha256: createHash('sha256').update(input).digest('hex') };
    return {
      ...{ kind, ...given, output: toHex(output), tag: formatTag(entryTag(output)) },
      ...{ seed: toHex(output.subarray(6, 14)), passwordHash: hashHex(passwordBucketHash(output)) },
    };
  });
}

export function keyedOprf(): KeyedSuite {
  const oprf = createNobleOprf();
  const suite = createOprfSuite(oprf.publicKey(SECRET_KEY));
  return { ...suite, evaluate: (input) => oprf.evaluate(SECRET_KEY, input) };
}

export const hmacSuite = (): KeyedSuite => createHmacSuite(parseHmacKey(fromHex(KEY)));

export function suites() {
  return ([['hmac', KEY, hmacSuite()] as const, ['oprf', toHex(SECRET_KEY), keyedOprf()] as const] as const).map(
    ([name, secret, suite]) => ({
      ...{ suite: name, secret, keyId: suite.keyId, sealKey: toHex(suite.sealKey) },
      ...(name === 'oprf' && { publicKey: toHex(createNobleOprf().publicKey(SECRET_KEY)) }),
      accountHashes: ['plain', 'Bob.Σ@Example.TEST'].map((username) => ({
        username,
        hash: hashHex(suite.accountBucketHash(normalizeUsername(username))),
      })),
      outputs: outputsOf(suite),
    }),
  );
}

export const times = () =>
  [1, 2, 3, 4, 5, 6, 7, 8, 12, 1000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].map((seen) => ({
    times: seen,
    code: encodeTimes(seen),
  }));

export function metadata() {
  const output = hmacSuite().evaluate(passwordInput(normalizePassword('metadata')));
  const pad = metadataPad(LAYER, output);
  const seal = (plain: readonly number[]): Uint8Array => Uint8Array.from(plain, (byte, i) => byte ^ (pad[i] as number));
  const opened = (sealed: Uint8Array) => {
    const { timesSeen, source } = openMetadata(sealed, pad, 3) ?? {};
    return { ...(timesSeen !== undefined && { times: timesSeen }), ...(source !== undefined && { source }) };
  };
  const written = ([0, 1, 3] as MetadataBytes[]).map((bytes) => {
    const plain = new Uint8Array(bytes);
    writeMetadata({ kind: 3, times: 1000, source: 258 }, bytes, plain, 0);
    const sealed = seal([...plain]);
    return { name: `${bytes} bytes`, sealed: toHex(sealed), matches: true, ...opened(sealed) };
  });
  const refused = [
    { name: 'another kind', sealed: toHex(seal([0b00_000000, 0, 0])), matches: false },
    { name: 'code 1', sealed: toHex(seal([0b10_000001, 0, 0])), matches: false },
  ];
  return { layer: LAYER, output: toHex(output), pad: toHex(pad), kind: 3, cases: [...written, ...refused] };
}
