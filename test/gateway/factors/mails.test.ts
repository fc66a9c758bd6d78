// Every change of somebody's factors is mailed to them, and to the operator, by a real server.

import { expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { AUTH, type FactorPage, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { type MailServer, startMailServer } from '../../support/gateway/identity/mail-server.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const ANN = 'ann@example.com';
const ADMIN = 'security@example.com';

async function opened(factors = 'methods: [security_key, totp]') {
  const mail = await startMailServer();
  const more = `factors: { ${factors} }\nmail: { smtp: "${mail.url}", from: gateway@example.com, admin: ${ADMIN} }`;
  const world = await startWorld({ more });
  const { own } = await signedIn(world);
  return { ...world, mail, own };
}

/** Of Ann and of the operator, who read the same. @returns what was new */
function reader(mail: MailServer) {
  let read = 0;
  return async (changes = 1): Promise<string> => {
    await expect.poll(() => mail.mails.length).toBe(read + 2 * changes);
    const mails = mail.mails.slice(read);
    read = mail.mails.length;
    const textOf = (to: string) => mails.filter((each) => each.to === to).map(({ text }) => text);
    const [mine, theirs] = [textOf(ANN), textOf(ADMIN)];
    expect(theirs).toHaveLength(changes);
    for (const text of theirs) expect(text).toContain(`Of ${ANN}: `);
    expect(mine).toHaveLength(changes);
    return mine.join('\n');
  };
}

async function answer(own: FactorPage, code: string) {
  const { body } = await own.manage();
  return own.answerCode(body.challenge, code);
}

test('a person and the operator read of each change, and of guesses', async () => {
  const clock = createTestClock();
  const { own, kept, mail } = await opened();
  const read = reader(mail);
  const code = await kept.admin.makeCode(ANN);
  const made = await read();
  expect(made).toContain('An administrator made a code');
  expect(made).not.toContain(code);
  const asked = 'If you asked for that';
  expect(made).toContain(asked);
  const key = new Authenticator(AUTH);
  expect((await own.enrolKey(key, 'security_key', code)).code).toBe(200);
  const added = await read();
  expect(added).toContain('A security key was added: my security_key.');
  expect(added).toContain('If that was you');
  const { secret } = await own.enrolApp();
  expect(await read()).toContain('An app for codes was added: app.');
  const [first] = kept.admin.find(ANN)?.factors ?? [];
  await own.form('/factors/rename', { factor: first?.id ?? '', name: 'Blue key' });
  expect(await read()).toContain('The security key my security_key is called Blue key now.');
  const codes = await own.drawCodes();
  expect(await read()).toContain('New recovery codes were made.');
  expect((await answer(own, codes[0] ?? '')).code).toBe(200);
  const used = await read();
  expect(used).toContain('A recovery code was used. 9 are left.');
  for (const each of codes) expect(used).not.toContain(each);
  clock.pass(60_000);
  const right = appCode(secret, Date.now());
  for (let i = 1; i <= 5; i++) await answer(own, String((Number(right) + i) % 1e6).padStart(6, '0'));
  expect(await read()).toContain('Five wrong codes of your app were typed in a row.');
  await kept.admin.remove(ANN);
  const removed = await read();
  expect(removed).toContain('An administrator removed: Blue key, app.');
  expect(removed).toContain(asked);
  expect(mail.mails.every(({ text }) => /^Subject: Your sign-in at auth\.example$/m.test(text))).toBe(true);
});

test('an owner reads that something of theirs was removed', async () => {
  const { own, kept, mail } = await opened();
  const read = reader(mail);
  const [old, fresh] = [new Authenticator(AUTH), new Authenticator(AUTH)];
  for (const key of [old, fresh]) await own.enrolKey(key, 'security_key', await kept.admin.makeCode(ANN));
  await read(4);
  await own.confirm(fresh);
  await own.read();
  const [first] = kept.admin.find(ANN)?.factors ?? [];
  const removed = await own.form('/factors/remove', { factor: first?.id ?? '' });
  expect(valuesOf(removed, 'location')).toEqual(['/factors?done=removed']);
  expect(await read()).toContain('You removed: my security_key.');
});

test('a mailed code reaches its person alone, and enrols a first factor, once', async () => {
  const { own, mail } = await opened('methods: [security_key], enrolByMail: true');
  await own.read();
  await own.form('/enrol/mail', {});
  await expect.poll(() => mail.mails.length).toBe(1);
  const [{ to, text } = { to: '', text: '' }] = mail.mails;
  expect(to).toBe(ANN);
  const code = /Your code is (\d{8})\./.exec(text)?.[1] ?? '';
  expect((await own.enrolKey(new Authenticator(AUTH), 'security_key', code)).code).toBe(200);
  expect((await own.enrolKey(new Authenticator(AUTH), 'security_key', code)).body.code).toBe('FACTOR_WRONG');
});

test('a mail that nobody takes is an event, and the change stands', async () => {
  const { own, kept, mail, told } = await opened();
  mail.refuses = true;
  const code = await kept.admin.makeCode(ANN);
  expect((await own.enrolKey(new Authenticator(AUTH), 'security_key', code)).code).toBe(200);
  await expect.poll(() => told.filter(({ event }) => event === 'mail-failed').length).toBe(4);
  expect(JSON.stringify(told)).not.toContain('example.com');
});
