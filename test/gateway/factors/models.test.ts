// `aaguids`: models of authenticators that may be enrolled, by what their makers signed.

import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Authenticator, type Maker } from '../../support/gateway/factors/authenticator.ts';
import { AUTH, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { openMaker } from '../../support/gateway/factors/maker.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { stateFolder } from '../../support/gateway/state/states.ts';

const ANN = 'ann@example.com';
const MODEL = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';
const OTHER = '2fc0579f-8113-47ea-b116-bb5a8db9202a';

let made: Awaited<ReturnType<typeof openMaker>>;
beforeAll(async () => {
  made = await openMaker(MODEL);
});

/** Ann, where keys of one model are enrolled. @param pem of the CAs of makers */
async function opened(pem = made.pem) {
  const file = path.join(stateFolder(), 'makers.pem');
  fs.writeFileSync(file, pem);
  const more = `factors: { methods: [security_key], aaguids: [${MODEL}], attestationFile: "${file}" }`;
  const world = await startWorld({ more });
  const { own } = await signedIn(world);
  const enrol = async (maker: Maker | undefined, aaguid = MODEL, isSelf = false) => {
    const key = new Authenticator(AUTH, { aaguid, ...(maker && { maker }), isSelf });
    return own.enrolKey(key, 'security_key', await world.kept.admin.makeCode(ANN));
  };
  return { ...world, enrol };
}

describe('a key', () => {
  test('of the model is enrolled, whose maker signed for it, by a CA between or not', async () => {
    const { enrol, kept } = await opened();
    expect((await enrol(made.right)).code).toBe(200);
    expect((await enrol(made.ofRoot)).code).toBe(200);
    expect(kept.admin.find(ANN)?.factors.map(({ aaguid }) => aaguid)).toEqual([MODEL, MODEL]);
  });

  test('for which nobody signed is refused, whatever model it says it is', async () => {
    const { enrol, kept } = await opened();
    expect((await enrol(undefined)).body.code).toBe('FACTOR_MODEL');
    // Its own key signs: WebAuthn Level 3 §6.5.4, self attestation.
    expect((await enrol(undefined, MODEL, true)).body.code).toBe('FACTOR_MODEL');
    expect((await enrol(undefined, '00000000-0000-0000-0000-000000000000')).body.code).toBe('FACTOR_MODEL');
    expect(kept.admin.find(ANN)?.factors).toEqual([]);
  });

  test('of another model is refused, although its maker signed', async () => {
    const { enrol } = await opened();
    const { right } = await openMaker(OTHER);
    expect((await enrol(right, OTHER)).body.code).not.toBe(undefined);
    const same = await openMaker(OTHER);
    const world = await opened(made.pem + same.pem);
    expect((await world.enrol(same.right, OTHER)).body.code).toBe('FACTOR_MODEL');
  });

  test('with a chain that is not its maker’s is refused', async () => {
    const { enrol, kept } = await opened();
    for (const [how, maker] of Object.entries(made.wrong)) {
      const { code, body } = await enrol(maker);
      expect([how, code, body.code]).toEqual([how, 403, expect.stringMatching(/^FACTOR_(MODEL|WRONG)$/)]);
    }
    expect(kept.admin.find(ANN)?.factors).toEqual([]);
    expect((await enrol(made.right)).code).toBe(200);
  });

  test('that another one signed for is refused', async () => {
    const { enrol } = await opened();
    const { key } = made.ofRoot;
    expect((await enrol({ ...made.right, key })).body.code).toBe('FACTOR_WRONG');
  });

  test('asks the network for nothing', async () => {
    const asked: unknown[] = [];
    const before = globalThis.fetch;
    globalThis.fetch = async (...of) => {
      asked.push(of);
      return before(...of);
    };
    try {
      const { enrol } = await opened();
      asked.length = 0;
      expect((await enrol(made.right)).code).toBe(200);
      expect(asked).toEqual([]);
    } finally {
      globalThis.fetch = before;
    }
  });
});

test.each([
  ['nothing', ''],
  ['no certificate', 'makers\n'],
  ['a damaged one', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
])('a file of makers with %s is refused at the start', async (_, pem) => {
  await expect(opened(pem)).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
});
