// A service that is down, refuses, or is the wrong one: verdicts are `unknown`, with the reason.

import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import { LookupError, type UnknownReason } from '../../client-sdk/index.ts';
import type { DatasetId } from '../../protocol/brands.ts';
import { STATEMENT_KIND } from '../../protocol/signed/envelope.ts';
import type { Layer, LayerIndex } from '../../protocol/signed/statement.ts';
import { isStatement, type Json, payloadOf } from '../support/client/restate.ts';
import { makeDataset } from '../support/dataset.ts';
import { startFront } from '../support/http-front.ts';
import { test } from '../support/worlds/client-fixture.ts';
import {
  allUnknown,
  type ClientWorld,
  isAccount,
  isPassword,
  LEAKED,
  STRANGER,
  summary,
} from '../support/worlds/client-world.ts';

describe('a check that fails in part', () => {
  const broken = (world: ClientWorld, fails: (url: string) => boolean) =>
    world.spoil((answer, url) => {
      if (fails(url)) answer.status = 500;
    });

  test('is unknown, and its signals keep the findings', async ({ world }) => {
    const checker = world.checker((await broken(world, isAccount)).url);
    expect(summary(await checker.check(LEAKED))).toBe('unknown HTTP_STATUS | unknown found unknown');
    expect(summary(await checker.check(STRANGER))).toBe('unknown HTTP_STATUS | unknown absent unknown');
    expect(summary(await checker.check({ password: STRANGER.password }))).toBe('clean | unasked absent unasked');
  });

  test('still reports a pair, since nothing is more serious', async ({ world }) => {
    const checker = world.checker((await broken(world, isPassword)).url);
    expect(summary(await checker.check(LEAKED))).toBe('pair | found unknown found');
    expect(summary(await checker.check({ ...LEAKED, password: 'other' }))).toBe(
      'unknown HTTP_STATUS | absent unknown found',
    );
  });
});

describe('an altered statement', () => {
  /** Keeps the signature. */
  const altered = (world: ClientWorld, change: (payload: Json) => object) =>
    world.spoil((answer, url) => {
      if (!isStatement(url)) return;
      const envelope = JSON.parse(String(answer.body)) as object;
      const payload = payloadOf(STATEMENT_KIND, answer.body);
      const text = JSON.stringify({ ...payload, ...change(payload) });
      answer.body = Buffer.from(JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') }));
    });
  const withLayer =
    (change: (layer: Layer) => object) =>
    ({ layers }: Json): object => {
      const [layer] = layers as [Layer];
      return { layers: [{ ...layer, ...change(layer) }] };
    };
  const withAccount = (more: Partial<LayerIndex>) =>
    withLayer(({ indexes }) => ({ indexes: { ...indexes, account: { ...indexes.account, ...more } } }));

  test.for<[string, (payload: Json) => object]>([
    ['without its account index', withLayer(({ indexes: { password } }) => ({ indexes: { password } }))],
    [
      'without its password index',
      withLayer(({ indexes: { account } }) => ({ indexes: { account }, filter: undefined })),
    ],
    ['without any index', withLayer(() => ({ indexes: {}, filter: undefined }))],
    ['without its filter', withLayer(() => ({ filter: undefined }))],
    ['with other prefixBits', withAccount({ prefixBits: 1 })],
    ['with other bodyBytes', withAccount({ bodyBytes: [2 ** 20] })],
    ['with other metadataBytes', withAccount({ metadataBytes: 0 })],
    ['with another layer', withLayer(() => ({ id: '0'.repeat(32) }))],
    ['with another sequence', () => ({ sequence: 2 })],
    ['with other sources', () => ({ sources: { sha256: 'ab'.repeat(32), bytes: 2 } })],
    ['with another dataset', () => ({ dataset: '0123456789abcdef' })],
  ])('%s is rejected, for a leaked pair and for a clean one', async ([, change], { world }) => {
    const checker = world.checker((await altered(world, change)).url);
    for (const credential of [LEAKED, STRANGER])
      expect(summary(await checker.check(credential))).toBe(allUnknown('STATEMENT_FORGED'));
  });
});

describe('a check', () => {
  test('is unknown while the service is down', async ({ world }) => {
    const gone = await startFront(() => {});
    await gone.close();
    const checker = world.checker(gone.url);
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('NETWORK'));
    await expect(checker.ready()).rejects.toMatchObject({ code: 'NETWORK' });
  });

  test('is unknown if the service goes down after the head was fetched', async ({ world }) => {
    const passing = await world.spoil(() => {});
    const checker = world.checker(passing.url);
    expect((await checker.check(STRANGER)).status).toBe('clean');
    await passing.close();
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('NETWORK'));
  });

  test('is unknown if the key is not the one of the dataset', async ({ world }) => {
    const other = await makeDataset({ keySeed: 2, published: false });
    const key = other.key.revealPin(world.made.dataset.id) as string;
    other.dispose();
    const checker = world.checker(world.url, { key });
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('HEAD_FORGED'));
    await expect(checker.ready()).rejects.toMatchObject({ name: 'LookupError', code: 'HEAD_FORGED' });
  });

  test('is unknown if the dataset is not the pinned one', async ({ world }) => {
    const key = world.made.key.revealPin('0123456789abcdef' as DatasetId) as string;
    expect(summary(await world.checker(world.url, { key }).check(STRANGER))).toBe(allUnknown('DATASET_MISMATCH'));
  });

  test.for<[UnknownReason, string, Buffer | string]>([
    ['HEAD_MALFORMED', 'an empty body', ''],
    ['HEAD_MALFORMED', 'a web page', '<!doctype html><title>Log in to the airport</title>'],
    ['HEAD_MALFORMED', 'truncated JSON', '{"payloadType":"appl'],
    ['HEAD_MALFORMED', 'an array', '[]'],
    ['HEAD_MALFORMED', 'an object without signatures', '{"payloadType":"application/vnd.credveil.head.v2+json"}'],
    ['HEAD_MALFORMED', 'bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['BODY_TOO_LARGE', 'longer than 4 KiB', ' '.repeat(2 ** 12 + 1)],
  ])('is unknown with reason %s if the head is %s', async ([reason, , body], { world }) => {
    const odd = await world.front((_request, response) => void response.end(body));
    expect(summary(await world.checker(odd.url).check(STRANGER))).toBe(allUnknown(reason));
  });

  test.for([204, 304, 400, 404, 500, 503])('is unknown if the service answers %i', async (status, { world }) => {
    const refusing = await world.front((_request, response) => void response.writeHead(status).end());
    expect(summary(await world.checker(refusing.url).check(STRANGER))).toBe(allUnknown('HTTP_STATUS'));
  });

  test.for([
    [401, 'CLIENT_REFUSED'],
    [429, 'QUOTA_EXCEEDED'],
  ] as const)('is unknown if the service answers %i, with reason %s', async ([status, reason], { world }) => {
    const refusing = await world.front((_request, response) => void response.writeHead(status).end());
    expect(summary(await world.checker(refusing.url).check(STRANGER))).toBe(allUnknown(reason));
  });

  test('is unknown if the service redirects, and sends nothing to the target', async ({ world }) => {
    const elsewhere = await world.spoil(() => {});
    const redirecting = await world.front((request, response) => {
      response.writeHead(307, { location: elsewhere.url + request.url }).end();
    });
    expect(summary(await world.checker(redirecting.url).check(STRANGER))).toBe(allUnknown('NETWORK'));
    expect(elsewhere.requests).toEqual([]);
  });

  test('succeeds once the service has recovered', async ({ world }) => {
    let up = false;
    const recovering = await world.spoil((answer) => {
      if (!up) answer.status = 503;
    });
    const checker = world.checker(recovering.url);
    await expect(checker.ready()).rejects.toBeInstanceOf(LookupError);
    up = true;
    await checker.ready();
    expect((await checker.check(STRANGER)).status).toBe('clean');
  });

  test('is unknown if a custom fetch misbehaves', async ({ world }) => {
    const odd = (): never => {
      throw new Error('no');
    };
    for (const fetch of [odd, async () => undefined, async () => ({ status: 200 })])
      expect(
        summary(await world.checker(world.url, { fetch: fetch as unknown as typeof globalThis.fetch }).check(STRANGER)),
      ).toBe(allUnknown('NETWORK'));
  });
});

test('no error contains a credential, a prefix or the key', async ({ world }) => {
  const secret = world.made.key.revealText().split('.')[2] as string;
  const refusing = await world.front((_request, response) => void response.writeHead(500).end());
  const closed = await startFront(() => {});
  await closed.close();
  for (const url of [refusing.url, closed.url]) {
    const checker = world.checker(url);
    const error: unknown = await checker.ready().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LookupError);
    const shown = inspect([error, await checker.check(LEAKED)], { depth: null, showHidden: true });
    for (const text of [LEAKED.username, LEAKED.password, secret]) expect(shown).not.toContain(text);
  }
});
