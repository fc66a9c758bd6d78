// A middle-man or server that knows only public data forges what a keyless client believes.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../../client-sdk/sodium.ts';
import type { SigningSeed } from '../../../protocol/brands.ts';
import type { Layer } from '../../../protocol/signed/statement.ts';
import { SigningKey } from '../../../store/signing-key.ts';
import { type Change, changeStatement, type Json } from '../../support/client/restate.ts';
import { LEAKED, summary } from '../../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../../support/worlds/oprf-world.ts';

let world: OprfWorld;
let statement: Buffer;
beforeAll(async () => {
  world = await createOprfWorld({ pairs: [LEAKED] });
  const { snapshot } = (await (await fetch(`${world.url}/readyz`)).json()) as { snapshot: string };
  statement = Buffer.from(await (await fetch(`${world.url}/v1/statement/${snapshot}`)).arrayBuffer());
});
afterEach(() => world.closeFronts());
afterAll(() => world.close());

/** A key of the forger's. */
const signer = new SigningKey('publisher', new Uint8Array(32).fill(9) as SigningSeed);

/** Alters head and statement while `when` is true, and signs them with another key. */
function forge(change: Change, when: () => boolean = () => true) {
  const alter = changeStatement(world.made, statement, change, { signer, headSigner: signer });
  return world.spoil((answer, url) => {
    if (when()) alter(answer, url);
  });
}

const layerOf = ({ layers }: Json): Layer => (layers as [Layer])[0];

describe('a forged statement', () => {
  test('without the password index does not make a leaked password clean', async () => {
    const at = await forge((payload) => {
      const { filter: _, ...layer } = layerOf(payload);
      return { layers: [{ ...layer, indexes: { account: layer.indexes.account } }] };
    });
    const checker = world.checker(at.url, { engine: createSodiumOprf() });
    const verdict = await checker.check({ username: 'nobody@example.test', password: LEAKED.password });
    expect(verdict).toMatchObject({ status: 'unknown', reason: 'STATEMENT_FORGED' });
  });

  test('with a high sequence number, sent once, locks no checker out', async () => {
    let forging = true;
    const at = await forge(
      () => ({ sequence: 999_999_999_999 }),
      () => forging,
    );
    const checker = world.checker(at.url, { engine: createSodiumOprf() });
    expect((await checker.check(LEAKED)).status).toBe('unknown');
    forging = false;
    expect(summary(await checker.check(LEAKED))).toBe('pair | found found found');
  });

  test.for(['password', 'account'] as const)(
    'with more prefixBits of the index %s gets no longer prefix',
    async (index) => {
      const at = await forge((payload) => {
        const layer = layerOf(payload);
        const longer = { ...layer.indexes[index], prefixBits: 20 };
        return { layers: [{ ...layer, indexes: { ...layer.indexes, [index]: longer } }] };
      });
      const checker = world.checker(at.url, { engine: createSodiumOprf() });
      await checker.check(LEAKED);
      const sent = at.requests.filter((request) => /\/v1\/(password|lookup|evaluate)/.test(request));
      expect(sent).toEqual([]);
    },
  );
});

describe('a publisher who raises prefixBits', () => {
  test('above the bounds of the client is refused before anything is sent', async () => {
    const alter = changeStatement(world.made, statement, (payload) => {
      const layer = layerOf(payload);
      const longer = { ...layer.indexes.password, prefixBits: 13 };
      return { layers: [{ ...layer, indexes: { ...layer.indexes, password: longer } }] };
    });
    const at = await world.spoil(alter);
    const checker = world.checker(at.url, { engine: createSodiumOprf() });
    expect(await checker.check(LEAKED)).toMatchObject({ status: 'unknown', reason: 'PREFIX_TOO_LONG' });
    expect(at.requests.filter((request) => request.startsWith('POST'))).toEqual([]);
  });
});
