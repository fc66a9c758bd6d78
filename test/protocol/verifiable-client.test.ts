// A verifiable client that shares no code with the SDK gets the outputs of the dataset's key, by
// the proof of RFC 9497 and by the linear check. test/system/voprf-client.test.ts runs one from
// npm.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PrivateInput } from '../../protocol/brands.ts';
import { askPythonClient, hasPython } from '../support/client/python-client.ts';
import { fromHex, toHex } from '../support/oprf-engines.ts';
import { trustPinOf } from '../support/pins.ts';
import { LEAKED } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

describe.skipIf(!hasPython)('the Python client', () => {
  let world: OprfWorld;
  beforeAll(async () => {
    world = await createOprfWorld({ pairs: [LEAKED] });
  });
  afterAll(() => world.close());

  test.each([
    ['a proof', true],
    ['the linear check', false],
  ])('gets the same outputs by %s', async (_, prove) => {
    const inputs = ['61', '', '00ff', 'c3a9'.repeat(300)];
    const outputs = inputs.map((hex) => toHex(world.made.suite.evaluate(fromHex<PrivateInput>(hex))));
    expect(
      await askPythonClient({
        url: world.url,
        ...trustPinOf(world.made),
        prove,
        inputs,
      }),
    ).toEqual({ outputs });
  });
});
