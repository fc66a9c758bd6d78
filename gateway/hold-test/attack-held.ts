// Attacks on a login that is held: with each cookie, in each spelling, at once and afterwards.

import { JAR_COOKIE } from '../quarantine/jar.ts';
import { RELEASE } from '../quarantine/release.ts';
import { createSessionNames } from '../quarantine/session-names.ts';
import type { CredentialFields } from './attack-credential.ts';
import { logInTo } from './log-in.ts';
import { cookieOf, jarAfter, type TestAnswer } from './test-client.ts';
import type { TestPlace, TestStep } from './test-place.ts';
import { unseenLogin } from './unseen-login.ts';

const PARALLEL = 20;
/** Of a cookie's name and value together: browsers drop longer ones (RFC 6265bis §5.6). */
const MAX_COOKIE_BYTES = 4_096;

export async function attackHeld(place: TestPlace, fields: CredentialFields): Promise<readonly TestStep[]> {
  const { account, gateway } = place;
  const { page, signedIn, as } = account;
  const steps: TestStep[] = [];
  const step = (name: string, isFaulty: boolean, fault: string): void => {
    steps.push(isFaulty ? { step: name, fault } : { step: name });
  };
  const parallel: Promise<TestAnswer>[] = [];
  const { form, answer } = await logInTo(gateway, account, (cookie) => {
    for (let i = 0; i < PARALLEL; i++) parallel.push(gateway({ path: page, cookie }));
  });
  const raced = await Promise.allSettled(parallel);
  // A program gets the answer to a wrong password.
  const isHeld = as === 'json' || (answer.status === 303 && answer.location.includes('/hold?'));
  step('the login is held', !isHeld, `it was answered ${answer.status}: is it a login of the configuration?`);
  if (!isHeld) return steps;
  const isTooLong = [...jarAfter(form, answer)].some(([name, value]) => name.length + value.length > MAX_COOKIE_BYTES);
  step('browsers keep its cookies', isTooLong, `a cookie is longer than ${MAX_COOKIE_BYTES} bytes once it is sealed`);
  const isRaced = raced.some((one) => one.status === 'fulfilled' && one.value.body.includes(signedIn));
  step(
    'no parallel request is signed in',
    isRaced,
    'a request beside the login is signed in: a cookie is missing in sessions',
  );
  let spelled = '';
  for (const [name, cookie, path = page] of spellings(place, form, answer)) {
    const { body } = await gateway({ path, cookie });
    if (body.includes(signedIn)) spelled = name;
  }
  step(
    'nothing of before is signed in',
    spelled !== '',
    `a client is signed in (${spelled}): a cookie is missing in sessions`,
  );
  const unseen = await unseenLogin(place, form, fields);
  step('every login is seen', unseen !== undefined, `a login goes past the gateway (${unseen}): extend when`);
  if (as === 'form')
    step('it goes on once it is released', !(await isReleased(place, form, answer)), 'the page does not come');
  return steps;
}

type Spelling = readonly [name: string, cookie: string, path?: string];

/** All that a client was given, as it was and in other ways. */
function spellings({ account: { page }, sessions }: TestPlace, form: TestAnswer, answer: TestAnswer): Spelling[] {
  const { isSession } = createSessionNames(sessions);
  const [before, after, all] = [jarAfter(form), jarAfter(answer), jarAfter(form, answer)];
  const plain = ([name]: readonly [string, string]): boolean => !isSession(name);
  const each = [...all].flatMap(([name, value]): Spelling[] => [
    ['one cookie', cookieOf([[name, value]])],
    ['quoted', `${cookieOf(all)}; ${name}="${value}"`],
    ['escaped', cookieOf([...all].map(([other, text]) => [other, other === name ? escaped(text) : text]))],
    ['in the query', cookieOf(all), `${page}${page.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`],
  ]);
  return [
    ['no cookie', ''],
    ['cookies of before', cookieOf(before)],
    ['cookies of the answer', cookieOf(after)],
    ['all cookies', cookieOf(all)],
    ['without those of sessions', cookieOf([...all].filter(plain))],
    ...each,
  ];
}

const escaped = (value: string): string => value.replace(/^./, (first) => `%${first.charCodeAt(0).toString(16)}`);

/** As its owner would have it: by a code for this browser. */
async function isReleased(place: TestPlace, form: TestAnswer, answer: TestAnswer): Promise<boolean> {
  const { account, gateway, holds, app, isSecure } = place;
  const jar = new Map(jarAfter(form, answer));
  const handle = JAR_COOKIE.of(app).in(jar, isSecure);
  if (handle === undefined) return false;
  const code = await holds.keepOnce('code', JSON.stringify({ id: holds.idOf(app, handle), app }));
  const visit = async (path: string): Promise<TestAnswer> => {
    const got = await gateway({ path, cookie: cookieOf(jar), headers: ['Accept', 'text/html'] });
    for (const [name, value] of jarAfter(got)) jar.set(name, value);
    return got;
  };
  const released = await visit(`${RELEASE}?code=${code}`);
  if (released.status !== 303) return false;
  const { pathname, search } = new URL(released.location, 'http://application.invalid');
  await visit(pathname + search);
  return (await visit(account.page)).body.includes(account.signedIn);
}
