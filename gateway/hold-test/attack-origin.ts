// What holding back depends on, asked of the application itself: which cookies tell a session, and
// that nothing else does.

import type { Whoami } from '../quarantine/hold-rules.ts';
import { createSessionNames } from '../quarantine/session-names.ts';
import { isOfStranger, nameOn, type WhoamiPage } from '../quarantine/whoami.ts';
import { logInTo } from './log-in.ts';
import { cookieOf, jarAfter } from './test-client.ts';
import type { TestPlace, TestStep } from './test-place.ts';

export async function attackOrigin(place: TestPlace, whoami: Whoami | undefined): Promise<readonly TestStep[]> {
  const { account, origin, asked, sessions } = place;
  const { page, signedIn } = account;
  const isIn = async (request: Parameters<typeof origin>[0]): Promise<boolean> =>
    (await origin(request)).body.includes(signedIn);
  const steps: TestStep[] = [];
  const step = (name: string, isFaulty: boolean, fault: string): void => {
    steps.push(isFaulty ? { step: name, fault } : { step: name });
  };
  step('the page is not for strangers', await isIn({ path: page }), 'a stranger sees it, or the text of signedIn');
  const { form, answer } = await logInTo(origin, account);
  const jar = jarAfter(form, answer);
  const cookie = cookieOf(jar);
  const isRight = await isIn({ path: page, cookie });
  step(
    'the account signs in',
    !isRight,
    `the page does not have the text of signedIn behind the login (${answer.status})`,
  );
  if (!isRight) return steps;
  const { isSession } = createSessionNames(sessions);
  const ofSession = [...jar].filter(([name]) => isSession(name));
  const others = cookieOf([...jar].filter(([name]) => !isSession(name)));
  const unnamed = await isIn({ path: page, cookie: others });
  step('no other cookie tells a session', unnamed, 'the page comes without the cookies of sessions: name all of them');
  let isInBody = false;
  for (const [name, value] of ofSession) {
    const body = new URLSearchParams([[name, decode(value)]]).toString();
    const headers = ['Content-Type', 'application/x-www-form-urlencoded'];
    isInBody ||= await isIn({ method: 'POST', path: page, headers, body, cookie: others });
  }
  step('no body tells a session', isInBody, 'the application takes a session from the fields of a form');
  const without = !(await isIn({ path: page, cookie: cookieOf(ofSession) }));
  step(
    'the cookies of sessions suffice',
    without,
    'a session is bound to another cookie, or to what a client is: name all of its cookies',
  );
  if (whoami) {
    const pageOf = async (sent: string): Promise<WhoamiPage> => {
      const { status, location, body } = await asked({ path: whoami.path, cookie: sent });
      return { status, location, body: Buffer.from(body) };
    };
    const own = nameOn(await pageOf(cookieOf(ofSession)), whoami);
    step(
      'whoami names who is signed in',
      typeof own !== 'object',
      own
        ? 'the page of whoami has its words twice, or no end of the name'
        : 'the page of whoami names nobody: is a session bound to an agent or a language?',
    );
    const stranger = await pageOf('');
    const isNamed = nameOn(stranger, whoami) !== undefined;
    step('whoami names no stranger', isNamed, 'the page of whoami names somebody to a stranger');
    // Another one, since the login may have logged in the first one's session.
    const opened = await origin({ path: account.form ?? account.login });
    const visitor = cookieOf([...jarAfter(opened)].filter(([name]) => isSession(name)));
    step(
      'whoami proves that nobody is signed in',
      !isNamed && !isOfStranger(await pageOf(visitor), stranger, whoami),
      'its page is another one for each stranger: take one that is always the same',
    );
  }
  return steps;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
