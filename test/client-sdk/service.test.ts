// A service that is down, refuses, or is the wrong one: verdicts are `unknown`, with the reason.

import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import { LookupError, type UnknownReason } from '../../client-sdk/index.ts';
import type { IndexConfig, ServiceConfig } from '../../protocol/service-config.ts';
import { makeDataset } from '../support/dataset.ts';
import { startFront } from '../support/http-front.ts';
import { test } from '../support/worlds/client-fixture.ts';
import {
  allUnknown,
  type ClientWorld,
  isAccount,
  isConfig,
  isPassword,
  LEAKED,
  STRANGER,
  summary,
} from '../support/worlds/client-world.ts';

const withAccount = ({ indexes }: ServiceConfig, change: (index: IndexConfig) => object): object => ({
  indexes: { ...indexes, account: { ...indexes.account, ...(indexes.account && change(indexes.account)) } },
});

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

describe('an altered config', () => {
  const altered = (world: ClientWorld, change: (config: ServiceConfig) => object) =>
    world.spoil((answer, url) => {
      if (!isConfig(url)) return;
      const config = JSON.parse(String(answer.body)) as ServiceConfig;
      answer.body = Buffer.from(JSON.stringify({ ...config, ...change(config) }));
    });

  test.for<[string, (config: ServiceConfig) => object]>([
    ['without its account index', ({ indexes: { password } }) => ({ indexes: { password } })],
    ['without its password index', ({ indexes: { account } }) => ({ indexes: { account }, filter: undefined })],
    ['without any index', () => ({ indexes: {}, filter: undefined })],
    ['without its filter', () => ({ filter: undefined })],
    ['with another filter', ({ filter }) => ({ filter: { bytes: (filter?.bytes ?? 0) + 32 } })],
    ['with other prefixBits', (config) => withAccount(config, ({ prefixBits }) => ({ prefixBits: prefixBits - 1 }))],
    [
      'with other bodyBytes',
      (config) => withAccount(config, ({ bodyBytes }) => ({ bodyBytes: [...bodyBytes, 2 ** 20] })),
    ],
    ['with other metadataBytes', (config) => withAccount(config, () => ({ metadataBytes: 0 }))],
    ['with another snapshot', ({ snapshot }) => ({ snapshot: snapshot.replace('000001', '000002') })],
    ['with another source', () => ({ sources: [{ number: 1, name: 'somewhere-else' }] })],
    ['with another dataset', () => ({ dataset: '0123456789abcdef' })],
    ['with another seal', ({ seal }) => ({ seal: seal.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) })],
  ])('%s is rejected, for a leaked pair and for a clean one', async ([, change], { world }) => {
    const checker = world.checker((await altered(world, change)).url);
    for (const credential of [LEAKED, STRANGER])
      expect(summary(await checker.check(credential))).toBe(allUnknown('CONFIG_FORGED'));
  });

  test('with an unknown member is accepted', async ({ world }) => {
    const extended = await altered(world, () => ({ motd: 'hello' }));
    expect((await world.checker(extended.url).check(STRANGER)).status).toBe('clean');
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

  test('is unknown if the service goes down after the config was fetched', async ({ world }) => {
    const passing = await world.spoil(() => {});
    const checker = world.checker(passing.url);
    expect((await checker.check(STRANGER)).status).toBe('clean');
    await passing.close();
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('NETWORK'));
  });

  test('is unknown if the key is not the one of the dataset', async ({ world }) => {
    const other = await makeDataset({ keySeed: 2, published: false });
    const checker = world.checker(world.url, { key: other.key.revealText() });
    other.dispose();
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('KEY_MISMATCH'));
    await expect(checker.ready()).rejects.toMatchObject({ name: 'LookupError', code: 'KEY_MISMATCH' });
  });

  test('is unknown if the known answer does not match the key', async ({ world }) => {
    for (const member of ['accountHash', 'tag'] as const) {
      const lying = await world.spoil((answer, url) => {
        if (url !== '/v1/config') return;
        const config = JSON.parse(String(answer.body)) as ServiceConfig;
        const wrong = config.canary[member].replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
        answer.body = Buffer.from(JSON.stringify({ ...config, canary: { ...config.canary, [member]: wrong } }));
      });
      expect(summary(await world.checker(lying.url).check(STRANGER))).toBe(allUnknown('KEY_MISMATCH'));
    }
  });

  test('is unknown if the dataset is not the pinned one', async ({ world }) => {
    const { id: dataset } = world.made.dataset;
    expect((await world.checker(world.url, { dataset }).check(STRANGER)).status).toBe('clean');
    const checker = world.checker(world.url, { dataset: '0123456789abcdef' });
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('DATASET_MISMATCH'));
  });

  test.for<[UnknownReason, string, Buffer | string]>([
    ['CONFIG_MALFORMED', 'an empty body', ''],
    ['CONFIG_MALFORMED', 'a web page', '<!doctype html><title>Log in to the airport</title>'],
    ['CONFIG_MALFORMED', 'truncated JSON', '{"protocol":1,"suite":"hm'],
    ['CONFIG_MALFORMED', 'an array', '[]'],
    ['CONFIG_MALFORMED', 'an object without indexes', '{"protocol":1,"suite":"hmac","normalization":1}'],
    ['CONFIG_MALFORMED', 'bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['CONFIG_UNSUPPORTED', 'of a later protocol', '{"protocol":2}'],
    ['CONFIG_UNSUPPORTED', 'of another suite', '{"protocol":1,"suite":"rot13","normalization":1}'],
    ['BODY_TOO_LARGE', 'longer than maxBodyBytes', ' '.repeat(2 ** 16)],
  ])('is unknown with reason %s if the config is %s', async ([reason, , body], { world }) => {
    const odd = await world.front((_request, response) => void response.end(body));
    expect(summary(await world.checker(odd.url, { maxBodyBytes: 2 ** 15 }).check(STRANGER))).toBe(allUnknown(reason));
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
