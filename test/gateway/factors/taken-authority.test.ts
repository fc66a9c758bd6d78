// An enrolment ends by what still stands then: what was taken away since it began opens nothing.

import { describe, expect, test } from 'vitest';
import type { Authority } from '../../../gateway/factors/factor-messages.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { enrolTotp, keyCredential, openBook } from '../../support/gateway/factors/book.ts';
import { AUTH, type FactorPage, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';

const ANN = 'ann@example.com';

/** Ann has a factor, recovery codes, and what each authority is made of. */
async function opened() {
  const world = openBook();
  const { book, admin } = world;
  const { factor } = await enrolTotp(world, ANN);
  const enrol = (authority: Authority, id = 'new') =>
    book.enrol({ user: ANN, authority, factor: { method: 'security_key', name: id, key: keyCredential(id) } });
  const [typed = ''] = await book.drawRecovery(ANN);
  const used = await book.tryRecovery(ANN, typed);
  if (!('given' in used)) throw new Error('not used');
  const checked = await book.checkCode(ANN, await admin.makeCode(ANN));
  if (!('authority' in checked)) throw new Error('not taken');
  const factorOf = { kind: 'factor', by: [factor.id] } as const;
  const recovery = { kind: 'recovery', mark: used.given.factor } as const;
  return { ...world, enrol, factor, authorities: [factorOf, recovery, checked.authority] as const };
}

const TAKING = {
  'factors remove --all': ({ admin }) => admin.remove(ANN),
  'factors remove --all, twice': async ({ admin }) => {
    await admin.remove(ANN);
    await admin.remove(ANN);
  },
  'factors remove ID': ({ admin, factor }) => admin.remove(ANN, factor.id),
  'users remove': ({ admin }) => admin.forget(ANN),
} satisfies { readonly [how: string]: (of: Awaited<ReturnType<typeof opened>>) => Promise<unknown> };

describe('nothing that began before enrols after', () => {
  test.each(Object.entries(TAKING))('%s', async (_, take) => {
    const world = await opened();
    await take(world);
    for (const authority of world.authorities) expect(await world.enrol(authority)).toEqual({ refused: 'closed' });
    expect((await world.book.describe(ANN)).recovered).toEqual([]);
  });

  test('a removal of all where none is left, and a recovery code was used', async () => {
    const world = await opened();
    expect(await world.enrol(world.authorities[0])).toHaveProperty('factor');
    await world.admin.remove(ANN, world.factor.id);
    const [typed = ''] = await world.book.drawRecovery(ANN);
    const used = await world.book.tryRecovery(ANN, typed);
    await world.admin.remove(ANN);
    const mark = 'given' in used ? used.given.factor : '';
    expect(await world.enrol({ kind: 'recovery', mark }, 'other')).toEqual({ refused: 'closed' });
  });
});

describe('a recovery code that was used', () => {
  test('enrols one factor, within ten minutes, of two at once', async () => {
    const { enrol, authorities, pass, book } = await opened();
    const [, recovery] = authorities;
    const answers = await Promise.all(['a', 'b'].map((id) => enrol(recovery, id)));
    expect(answers.filter((each) => 'factor' in each)).toHaveLength(1);
    const [typed = ''] = await book.drawRecovery(ANN);
    const used = await book.tryRecovery(ANN, typed);
    pass(10 * 60_000);
    const mark = 'given' in used ? used.given.factor : '';
    expect(await enrol({ kind: 'recovery', mark }, 'c')).toEqual({ refused: 'closed' });
  });

  test('enrols nothing once its owner draws new ones', async () => {
    const { enrol, authorities, book } = await opened();
    await book.drawRecovery(ANN);
    expect(await enrol(authorities[1])).toEqual({ refused: 'closed' });
  });

  test('by somebody with a stolen session, enrols nothing once all was removed', async () => {
    const { own, world } = await enrolled();
    const codes = await own.drawCodes();
    const thief = (await signedIn(world)).own;
    expect((await thief.answerCode(await challenged(thief), codes[0] ?? '')).code).toBe(200);
    await world.kept.admin.remove(ANN);
    const reply = await thief.enrolKey(new Authenticator(AUTH));
    expect(reply).toMatchObject({ code: 403, body: { code: 'ENROLMENT_CLOSED' } });
    expect(world.kept.admin.find(ANN)?.factors).toEqual([]);
  });
});

test('a key that is removed while an enrolment by it is open enrols nothing', async () => {
  const { own, key, world } = await enrolled();
  const code = await world.kept.admin.makeCode(ANN);
  expect((await own.enrolKey(new Authenticator(AUTH), 'security_key', code)).code).toBe(200);
  const [first] = world.kept.admin.find(ANN)?.factors ?? [];
  const thief = (await signedIn(world)).own;
  expect((await thief.answerKey(await challenged(thief), key)).code).toBe(200);
  await thief.read();
  const begun = await thief.post('/api/factors/begin', { method: 'security_key' });
  await world.kept.admin.remove(ANN, first?.id);
  const made = new Authenticator(AUTH).create(begun.body.key as never);
  const end = await thief.post('/api/factors/finish', {
    enrolment: begun.body.enrolment,
    name: 'x',
    key: made,
    to: '',
  });
  expect(end).toMatchObject({ code: 403, body: { code: 'ENROLMENT_CLOSED' } });
  expect(world.kept.admin.find(ANN)?.factors).toHaveLength(1);
});

async function enrolled() {
  const world = await startWorld({ more: 'factors: { methods: [security_key, totp] }' });
  const { own } = await signedIn(world);
  const key = new Authenticator(AUTH);
  const reply = await own.enrolKey(key, 'security_key', await world.kept.admin.makeCode(ANN));
  expect(reply.code, JSON.stringify(reply.body)).toBe(200);
  return { world, own, key };
}

async function challenged(own: FactorPage) {
  const { body } = await own.manage();
  return body.challenge;
}
