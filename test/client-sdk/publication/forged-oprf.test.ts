// A middle-man or server that knows only public data forges what a keyless client believes.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../../client-sdk/sodium.ts';
import type { SealKey } from '../../../protocol/brands.ts';
import { computeConfigSeal } from '../../../protocol/config-seal.ts';
import type { ServiceConfig } from '../../../protocol/service-config.ts';
import { isConfig, LEAKED, summary } from '../../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../../support/worlds/oprf-world.ts';

let world: OprfWorld;
beforeAll(async () => {
  world = await createOprfWorld({ pairs: [LEAKED] });
});
afterEach(() => world.closeFronts());
afterAll(() => world.close());

/** The seal key follows from the public key. */
const publicSealKey = (): SealKey => world.made.suite.sealKey;

/** Alters the config while `when` is true, and seals it again. */
function forge(change: (config: ServiceConfig) => object, when: () => boolean = () => true) {
  return world.spoil((answer, url) => {
    if (!isConfig(url) || !when()) return;
    const config = JSON.parse(String(answer.body)) as ServiceConfig;
    const altered = { ...config, ...change(config) } as ServiceConfig;
    answer.body = Buffer.from(JSON.stringify({ ...altered, seal: computeConfigSeal(altered, publicSealKey()) }));
  });
}

describe('a forged config', () => {
  test.fails('without the password index does not make a leaked password clean', async () => {
    const at = await forge(({ indexes: { account } }) => ({ indexes: { account }, filter: undefined }));
    const checker = world.checker(at.url, { engine: createSodiumOprf() });
    const { status } = await checker.check({ username: 'nobody@example.test', password: LEAKED.password });
    expect(status).toBe('unknown');
  });

  test.fails('with a high sequence number, sent once, locks no checker out', async () => {
    let forging = true;
    const at = await forge(
      ({ snapshot }) => ({ snapshot: snapshot.replace(/^\d+/, '999999999999') }),
      () => forging,
    );
    const checker = world.checker(at.url, { engine: createSodiumOprf() });
    await checker.check(LEAKED);
    forging = false;
    expect(summary(await checker.check(LEAKED))).toBe('pair | found found found');
  });

  test.fails.for(['password', 'account'] as const)(
    'with more prefixBits of the index %s gets no longer prefix',
    async (index) => {
      const at = await forge(({ indexes }) => ({
        indexes: { ...indexes, [index]: { ...indexes[index], prefixBits: 20 } },
      }));
      const checker = world.checker(at.url, { engine: createSodiumOprf() });
      await checker.check(LEAKED);
      const sent = at.requests.some((request) =>
        index === 'password' ? /\/v1\/password\/[0-9a-f]{5}/.test(request) : request.includes('POST /v1/lookup'),
      );
      expect(sent).toBe(false);
    },
  );
});
