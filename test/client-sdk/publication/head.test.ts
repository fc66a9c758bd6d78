// Heads and statements that a checker refuses, each by its name; it asks for no bucket then.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLeakChecker, type LeakCheckerOptions, type UnknownReason } from '../../../client-sdk/index.ts';
import type { SigningSeed } from '../../../protocol/brands.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { SigningKey } from '../../../store/signing-key.ts';
import {
  type Change,
  changeHead,
  changeStatement,
  isHead,
  isStatement,
  type Json,
} from '../../support/client/restate.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { createFronts, type Fronts } from '../../support/fronts.ts';
import { type Answer, forward, send } from '../../support/http-front.ts';
import { keyPinOf } from '../../support/pins.ts';
import { allUnknown, isBucket, LEAKED, STRANGER, summary, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const HOURS = 3_600_000;
const MINUTES = 60_000;
const timeAt = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
/** The time in a payload, moved. */
const moved = (payload: Json, member: string, ms: number): string => timeAt(Date.parse(payload[member] as string) + ms);

const OTHER = new SigningKey('publisher', new Uint8Array(32).fill(7) as SigningSeed);
const HEAD_KEY = new SigningKey('head', new Uint8Array(32).fill(8) as SigningSeed);

describe.each([
  ['mac', false],
  ['signature', true],
] as const)('a checker of a dataset with auth %s', (_, signed) => {
  let made: MadeDataset;
  let server: CredveilServer;
  let fronts: Fronts;
  let statement: Buffer;
  beforeAll(async () => {
    made = await makeDataset({ pairs: [LEAKED, ...seededPairs(200)], signed, metadataBytes: 3 });
    server = await startServer(made.folder, { port: 0 });
    fronts = createFronts((request) => forward(server.url, request));
    const { snapshot } = (await (await fetch(`${server.url}/readyz`)).json()) as { snapshot: string };
    const answer = await fetch(`${server.url}/v1/statement/${snapshot}`);
    statement = Buffer.from(await answer.arrayBuffer());
  });
  afterEach(() => fronts.closeFronts());
  afterAll(async () => {
    await server.close();
    made.dispose();
  });

  const checkAt = async (
    change: (answer: Answer, url: string) => void,
    more: Partial<LeakCheckerOptions> = {},
  ): Promise<string> => {
    const at = await fronts.front(async (request, response) => {
      const url = request.url ?? '';
      // An altered statement gives the snapshot another id, by which the server does not know it.
      if (isBucket(url)) request.url = url.replace(/\?.*/, '');
      const answer = await forward(server.url, request);
      delete answer.headers['credveil-snapshot'];
      change(answer, url);
      send(response, answer);
    });
    const options = { url: at.url, ...keyPinOf(made), timeoutMs: TIMEOUT_MS, ...more } as LeakCheckerOptions;
    const seen = new Set<string>();
    for (const credential of [LEAKED, STRANGER]) seen.add(summary(await createLeakChecker(options).check(credential)));
    if (![...seen].some((line) => line.startsWith('pair')))
      expect(at.requests.filter((line) => isBucket(line.split(' ')[1] ?? ''))).toEqual([]);
    return [...seen].join('; ');
  };
  const accepted = 'pair | found found found; clean | absent absent absent';

  test('accepts what its publisher made', async () => {
    expect(await checkAt(() => {})).toBe(accepted);
    expect(await checkAt(changeHead(made, () => ({})))).toBe(accepted);
    expect(await checkAt(changeStatement(made, statement, () => ({ later: 'a member' })))).toBe(accepted);
  });

  const heads: readonly (readonly [UnknownReason, string, Change])[] = [
    ['CLOCK_WRONG', 'issued ten minutes from now', (head) => ({ issuedAt: moved(head, 'issuedAt', 10 * MINUTES) })],
    [
      'SNAPSHOT_STALE',
      'valid until an hour ago',
      (head) => ({ issuedAt: moved(head, 'issuedAt', -2 * HOURS), validUntil: timeAt(Date.now() - HOURS) }),
    ],
    [
      'SNAPSHOT_STALE',
      'issued 26 hours ago, although it is valid for a week',
      (head) => ({
        issuedAt: moved(head, 'issuedAt', -26 * HOURS),
        validUntil: moved(head, 'issuedAt', 141 * HOURS),
      }),
    ],
    ['HEAD_MALFORMED', 'valid for eight days', (head) => ({ validUntil: moved(head, 'issuedAt', 192 * HOURS) })],
    [
      'HEAD_MALFORMED',
      'with a time of another spelling',
      ({ issuedAt }) => ({ issuedAt: `${issuedAt}`.replace('Z', '+00:00') }),
    ],
    ['HEAD_FORGED', "with another sequence than its statement's", () => ({ sequence: 2 })],
    ['DATASET_MISMATCH', 'of another dataset', () => ({ dataset: '0123456789abcdef' })],
    ['PROTOCOL_UNSUPPORTED', 'of a later protocol', () => ({ protocol: 3 })],
  ];
  test.each(heads)('refuses as %s a head %s', async (reason, _name, change) => {
    // The id in the path follows from the head: a wrong sequence must not end as a 404.
    const at = changeHead(made, change);
    expect(
      await checkAt((answer, url) => {
        at(answer, url);
        if (isStatement(url)) Object.assign(answer, { status: 200, body: statement });
      }),
    ).toBe(allUnknown(reason));
  });

  const statements: readonly (readonly [UnknownReason, string, Change])[] = [
    ['DATASET_MISMATCH', 'of another dataset', () => ({ dataset: '0123456789abcdef' })],
    ['KEY_MISMATCH', 'of another key', () => ({ keyId: '0123456789abcdef' })],
    ['KEY_MISMATCH', 'with another canary', () => ({ canary: { accountHash: '00000000', tag: '000000000000' } })],
    ['STATEMENT_MALFORMED', 'whose minSequence is above its sequence', () => ({ minSequence: 9 })],
    ['STATEMENT_MALFORMED', 'without sources', () => ({ sources: undefined })],
    ['STATEMENT_MALFORMED', 'with a layer twice', ({ layers }) => ({ layers: [...(layers as []), ...(layers as [])] })],
    ['PROTOCOL_UNSUPPORTED', 'with nine layers', ({ layers }) => ({ layers: Array(9).fill((layers as object[])[0]) })],
    [
      'BODY_FORGED',
      'that names another list of sources',
      ({ sources }) => ({ sources: { ...(sources as object), sha256: 'ab'.repeat(32) } }),
    ],
  ];
  test.each(statements)('refuses as %s a statement %s', async (reason, _name, change) => {
    const alter = changeStatement(made, statement, change);
    const sources = Buffer.from(await (await fetch(`${server.url}/v1/sources/${sourcesOf(statement)}`)).arrayBuffer());
    expect(
      await checkAt((answer, url) => {
        alter(answer, url);
        if (url.startsWith('/v1/sources/')) Object.assign(answer, { status: 200, body: sources });
      }),
    ).toBe(allUnknown(reason));
  });

  test('refuses a head and a statement that another key signed', async () => {
    expect(await checkAt(changeHead(made, () => ({}), OTHER))).toBe(allUnknown('HEAD_FORGED'));
    expect(await checkAt(changeHead(made, () => ({}), HEAD_KEY))).toBe(allUnknown('HEAD_FORGED'));
    for (const signer of [OTHER, HEAD_KEY])
      expect(await checkAt(changeStatement(made, statement, () => ({}), { signer }))).toBe(
        allUnknown('STATEMENT_FORGED'),
      );
  });

  test.runIf(signed)('accepts a head by a key that its statement allows, for as long as it does', async () => {
    const delegating = (key: SigningKey, ms: number): ReturnType<typeof changeStatement> => {
      const allowed = { key: Buffer.from(key.publicKey).toString('hex'), notAfter: timeAt(Date.now() + ms) };
      return changeStatement(made, statement, () => ({ headKeys: [allowed] }), { headSigner: HEAD_KEY });
    };
    expect(await checkAt(delegating(HEAD_KEY, 48 * HOURS))).toBe(accepted);
    expect(await checkAt(delegating(HEAD_KEY, 2 * HOURS))).toBe(allUnknown('HEAD_FORGED'));
    expect(await checkAt(delegating(OTHER, 48 * HOURS))).toBe(allUnknown('HEAD_FORGED'));
  });

  test('refuses any one byte changed', async () => {
    for (const isIt of [isHead, isStatement]) {
      let length = 1;
      for (let at = 0; at < length; at += isIt === isHead ? 7 : 61) {
        const seen = await checkAt((answer, url) => {
          if (!isIt(url)) return;
          length = answer.body.length;
          answer.body[at] = (answer.body[at] ?? 0) ^ (1 << (at % 8));
        });
        // White space and the like outside of what is signed may change.
        if (seen !== accepted)
          expect(seen, `byte ${at}`).toMatch(/^unknown ((HEAD|STATEMENT)_(FORGED|MALFORMED)|DATASET_MISMATCH) /);
      }
      expect(length).toBeGreaterThan(200);
    }
  }, 600_000);

  test('takes the bound of its caller', async () => {
    const old = changeHead(made, (head) => ({
      issuedAt: moved(head, 'issuedAt', -26 * HOURS),
      validUntil: moved(head, 'issuedAt', 100 * HOURS),
    }));
    expect(await checkAt(old, { maxSnapshotAgeMs: 30 * HOURS })).toBe(accepted);
    const young = changeHead(made, (head) => ({ issuedAt: moved(head, 'issuedAt', -2 * MINUTES) }));
    expect(await checkAt(young)).toBe(accepted);
    expect(await checkAt(young, { maxSnapshotAgeMs: MINUTES })).toBe(allUnknown('SNAPSHOT_STALE'));
  });

  test('refuses longer prefixes than its caller allows, and fewer usernames', async () => {
    expect(await checkAt(() => {}, { maxPrefixBits: { account: 1 } })).toBe(allUnknown('PREFIX_TOO_LONG'));
    expect(await checkAt(() => {}, { maxPrefixBits: { password: 0 } })).toBe(allUnknown('PREFIX_TOO_LONG'));
    expect(await checkAt(() => {}, { minUsernames: 1_000 })).toBe(allUnknown('PREFIX_TOO_LONG'));
  });
});

function sourcesOf(statement: Buffer): string {
  const { payload } = JSON.parse(statement.toString()) as { payload: string };
  return (JSON.parse(Buffer.from(payload, 'base64').toString()) as { sources: { sha256: string } }).sources.sha256;
}
