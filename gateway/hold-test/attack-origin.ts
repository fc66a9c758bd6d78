// What holding back depends on, asked of the application itself: which cookies tell a session, and
// that nothing else does.

import type { Whoami } from '../quarantine/hold-rules.ts';
import { createSessionNames } from '../quarantine/session-names.ts';
import { logInTo } from './log-in.ts';
import { cookieOf, jarAfter } from './test-client.ts';
import type { TestPlace, TestStep } from './test-place.ts';

export async function attackOrigin(place: TestPlace, whoami: Whoami | undefined): Promise<readonly TestStep[]> {
  const { account, origin, sessions } = place;
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
  if (whoami) {
    const named = async (sent: string): Promise<string | undefined> => {
      const { status, body } = await origin({ path: whoami.path, cookie: sent });
      const begin = body.indexOf(whoami.after);
      const end = begin < 0 ? -1 : body.indexOf(whoami.before, begin + whoami.after.length);
      const name = status === 200 && end > 0 ? body.slice(begin + whoami.after.length, end).trim() : '';
      return name === '' ? undefined : name;
    };
    step('whoami names who is signed in', (await named(cookie)) === undefined, 'the page of whoami names nobody');
    step(
      'whoami names no stranger',
      (await named('')) !== undefined,
      'the page of whoami names somebody to a stranger',
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
