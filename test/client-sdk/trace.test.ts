// A captured trace of 1,000 checks of the `oprf` suite: the bytes sent reveal nothing about the
// password except, with a password index, the prefix of its PRF output.

import { createHash } from 'node:crypto';
import { ristretto255_hasher } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../client-sdk/sodium.ts';
import { bucketId, formatPrefix, prefixDigits } from '../../protocol/bucket-id.ts';
import { passwordBucketHash } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { createNobleOprf, randomScalar } from '../../protocol/oprf.ts';
import { pairInput, passwordInput, usernameInput } from '../../protocol/private-input.ts';
import { seededPairs } from '../support/dataset.ts';
import { fetchPublished, type PublishedNow } from '../support/signed/published.ts';
import { parseRequests, startTrace, type Trace, type TracedRequest } from '../support/trace.ts';
import { LEAKED } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

const CHECKS = 500;
const ELEMENTS_AT = 6;
const { username } = LEAKED;
/** Two passwords as different as possible: one leaked and short, one long and not ASCII. */
const PASSWORDS = [LEAKED.password, `${'π'.repeat(300)} never seen`] as const;
const ENGINES = { noble: undefined, libsodium: createSodiumOprf() };

let world: OprfWorld;
let trace: Trace;
let published: PublishedNow;
beforeAll(async () => {
  world = await createOprfWorld({ pairs: [LEAKED, ...seededPairs(200)] });
  trace = await startTrace(world.url);
  published = await fetchPublished(world.url);
});
afterAll(async () => {
  await trace.close();
  await world.close();
});

/**
 * Two-sample chi-square over the values of a byte's high and low four bits, for each byte position.
 * 15 degrees of freedom; by Wilson and Hilferty's approximation, 80 is exceeded by chance with p =
 * 2e-10. Over 256 halves of bytes and two engines that is 1e-7 for a false alarm.
 */
const BOUND = 80;
function greatestDifference(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  const length = a[0]?.length ?? 0;
  let greatest = 0;
  for (let at = 0; at < length; at++)
    for (const shift of [0, 4]) {
      const count = (samples: readonly Uint8Array[]): number[] => {
        const counts = new Array<number>(16).fill(0);
        for (const sample of samples) {
          const value = ((sample[at] ?? 0) >>> shift) & 15;
          counts[value] = (counts[value] ?? 0) + 1;
        }
        return counts;
      };
      const [inA, inB] = [count(a), count(b)];
      let statistic = 0;
      for (let value = 0; value < 16; value++) {
        const [seenA, seenB] = [inA[value] ?? 0, inB[value] ?? 0];
        if (seenA + seenB > 0) statistic += (seenA - seenB) ** 2 / (seenA + seenB);
      }
      greatest = Math.max(greatest, statistic);
    }
  return greatest;
}

describe.each(['noble', 'libsodium'] as const)('1,000 checks with %s', (engine) => {
  const sent: Buffer[] = [];
  const requests: TracedRequest[][] = [];
  const of = (at: number, route: string): TracedRequest[] =>
    (requests[at] ?? []).filter(({ head }) => head.includes(` /v1/${route}`));

  beforeAll(async () => {
    const chosen = ENGINES[engine];
    const checker = world.checker(trace.url, chosen ? { engine: chosen } : {});
    await checker.ready();
    trace.take();
    for (const [at, password] of PASSWORDS.entries()) {
      for (let i = 0; i < CHECKS; i++)
        expect((await checker.check({ username, password })).status).toBe(at === 0 ? 'pair' : 'username');
      const bytes = trace.take();
      sent.push(bytes);
      requests.push(parseRequests(bytes));
    }
  }, 600_000);

  test('send one lookup and one bucket request each, and nothing else', () => {
    for (const at of [0, 1]) {
      expect(of(at, 'password/')).toHaveLength(CHECKS);
      expect(of(at, 'lookup')).toHaveLength(CHECKS);
      const others = (requests[at] ?? []).filter(({ head }) => !/^(POST \/v1\/lookup|GET \/v1\/password\/)/.test(head));
      // In a run of more than a minute the head is renewed.
      for (const { head } of others) expect(head).toMatch(/^GET \/v1\/(head|statement|sources)/);
    }
  });

  test("send the same headers and the same prefix of the username's hash whatever the password", () => {
    const heads = new Set([0, 1].flatMap((at) => of(at, 'lookup').map(({ head }) => head)));
    expect(heads.size).toBe(1);
    const { prefixBits = 0 } = published.layer.indexes.account ?? {};
    const bucket = bucketId(world.made.suite.accountBucketHash(normalizeUsername(username)), prefixBits);
    for (const at of [0, 1]) {
      const bodies = of(at, 'lookup').map(({ body }) => body);
      for (const body of bodies) {
        expect([body.length, body[0], body[5]]).toEqual([ELEMENTS_AT + 4 * 32, 1, 4]);
        expect(body.readUInt32BE(1)).toBe(bucket);
      }
    }
  });

  test('send no element twice, and elements whose bytes are distributed the same for every password', () => {
    const elements = [0, 1].map((at) => of(at, 'lookup').map(({ body }) => body.subarray(ELEMENTS_AT)));
    expect(greatestDifference(elements[0] ?? [], elements[1] ?? [])).toBeLessThan(BOUND);
    const single = elements
      .flat()
      .flatMap((four) => [0, 32, 64, 96].map((from) => four.toString('hex', from, from + 32)));
    expect(new Set(single).size).toBe(single.length);
  });

  test("reveal the prefix of the password's PRF output, and nothing else about the password", () => {
    const { prefixBits = 0 } = published.layer.indexes.password ?? {};
    expect(prefixDigits(prefixBits)).toBeLessThan(4);
    const rest = new Set<string>();
    for (const [at, password] of PASSWORDS.entries()) {
      const output = world.made.suite.evaluate(passwordInput(normalizePassword(password)));
      const prefix = formatPrefix(bucketId(passwordBucketHash(output), prefixBits), prefixBits);
      for (const { head, body } of of(at, 'password/')) {
        expect(head.split('\r\n')[0]).toBe(`GET /v1/password/${prefix}?snapshot=${published.snapshot} HTTP/1.1`);
        expect(body).toHaveLength(0);
        rest.add(head.split('\r\n').slice(1).join('\r\n'));
      }
    }
    expect(rest.size).toBe(1);
  });

  test('contain no plaintext, hash, unblinded element or PRF output in any encoding', () => {
    const all = Buffer.concat(sent);
    const text = all.toString('latin1').toLowerCase();
    expect(all.length).toBeGreaterThan(2 * CHECKS * 100);
    const user = normalizeUsername(username);
    for (const plain of PASSWORDS) {
      const password = normalizePassword(plain);
      const inputs = [pairInput(user, password), usernameInput(user), passwordInput(password)];
      const fields = [user, password, Buffer.concat([user, password])];
      const secrets = [
        ...fields,
        ...[...fields, ...inputs].flatMap((bytes) =>
          ['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name).update(bytes).digest()),
        ),
        ...inputs.flatMap((input) => {
          const output = world.made.suite.evaluate(input);
          return [hashToGroup(input), output, output.subarray(0, 6), output.subarray(6, 16), output.subarray(16, 32)];
        }),
      ];
      for (const secret of secrets.map((bytes) => Buffer.from(bytes))) {
        expect(all.includes(secret)).toBe(false);
        for (const spelled of [
          secret.toString('hex'),
          secret.toString('base64url'),
          encodeURIComponent(String(secret)),
        ])
          expect(text.includes(spelled.toLowerCase())).toBe(false);
      }
    }
  });
});

function hashToGroup(input: Uint8Array): Uint8Array {
  return ristretto255_hasher.hashToCurve(input, { DST: 'HashToGroup-OPRFV1-\x01-ristretto255-SHA512' }).toBytes();
}

describe('the comparison of distributions', () => {
  const oprf = createNobleOprf();
  const inputs = PASSWORDS.map((password) => passwordInput(normalizePassword(password)));

  test('detects a reused blind', () => {
    const blinds = Array.from({ length: 8 }, () => randomScalar());
    const [a = [], b = []] = inputs.map((input) =>
      Array.from({ length: CHECKS }, (_, i) => oprf.blind(input, blinds[i % blinds.length]).blindedElement),
    );
    expect(greatestDifference(a, b)).toBeGreaterThan(BOUND);
  });

  test('detects an unblinded element, the one that the trace is searched for', () => {
    const [a = [], b = []] = inputs.map((input) => Array.from({ length: CHECKS }, () => hashToGroup(input)));
    expect(greatestDifference(a, b)).toBe(2 * CHECKS);
    const [input] = inputs;
    if (!input) throw new Error('no input');
    // With a blind of 1, the client would send the very element that the search above looks for.
    const one = Uint8Array.of(1, ...new Uint8Array(31)) as ReturnType<typeof randomScalar>;
    expect(oprf.blind(input, one).blindedElement).toEqual(hashToGroup(input));
  });
});
