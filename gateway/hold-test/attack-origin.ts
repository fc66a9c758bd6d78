// What holding back depends on, asked of the application itself: which cookies tell a session, and
// that nothing else does.

import type { Whoami } from '../quarantine/hold-rules.ts';
import { createSessionNames } from '../quarantine/session-names.ts';
import { isOfStranger, nameOn, printOf, type WhoamiPage } from '../quarantine/whoami.ts';
import { logInTo } from './log-in.ts';
import { cookieOf, hiddenFields, jarAfter, type SendTest, type TestAnswer } from './test-client.ts';
import type { TestPlace, TestStep } from './test-place.ts';

export async function attackOrigin(place: TestPlace, whoami: readonly Whoami[]): Promise<readonly TestStep[]> {
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
  const behind = await origin({ path: page, cookie });
  const isRight = behind.body.includes(signedIn);
  step('the account signs in', !isRight, describeFailedLogin(answer, behind));
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
  steps.push(...(await askWithGiven(place, form)));
  const without = !(await isIn({ path: page, cookie: cookieOf(ofSession) }));
  step(
    'the cookies of sessions suffice',
    without,
    'a session is bound to another cookie, or to what a client is: name all of its cookies',
  );
  if (whoami.length > 0) steps.push(...(await askPages(place, whoami, ofSession)));
  return steps;
}

/** By what was answered: the password may be wrong, or the path, or the text. */
function describeFailedLogin(login: TestAnswer, behind: TestAnswer): string {
  const cookies = login.cookies.length === 0 ? 'no cookie' : 'a cookie';
  return `the login was answered with ${login.status} and ${cookies}, and page behind it with ${behind.status}, without the text of signedIn: compare login, fields, page and signedIn with what a browser sends and shows`;
}

/** With what a browser was given before its login, and is no cookie of a session. */
async function askWithGiven({ account, origin, sessions }: TestPlace, form: TestAnswer): Promise<readonly TestStep[]> {
  const { page, signedIn } = account;
  const { isSession } = createSessionNames(sessions);
  const othersIn = (answer: TestAnswer) => cookieOf([...jarAfter(answer)].filter(([name]) => !isSession(name)));
  const looksOf = async (cookie: string): Promise<string> => {
    const { status, location, body } = await origin({ path: page, cookie });
    return printOf({ status, location, body: Buffer.from(body) });
  };
  const given = othersIn(form);
  const stranger = othersIn(await origin({ path: account.form ?? account.login }));
  const isTied = given !== '' && (await looksOf(given)) !== (await looksOf(stranger));
  let field: string | undefined;
  for (const [name, value] of hiddenFields(form.body)) {
    const query = new URLSearchParams([[name, value]]).toString();
    const { body } = await origin({ path: `${page}${page.includes('?') ? '&' : '?'}${query}` });
    if (body.includes(signedIn)) field = name;
  }
  const [tied, hidden] = ['no cookie of before shows the login', 'no field of the form tells a session'];
  return [
    isTied
      ? { step: tied, fault: 'with a cookie of before the login, the page is another one than for strangers: name it' }
      : { step: tied },
    field !== undefined
      ? { step: hidden, fault: `a hidden field of the form tells the session without a cookie (${field})` }
      : { step: hidden },
  ];
}

/** @param ofSession cookies of the session that is signed in */
async function askPages(
  { account, origin, asked, askedByNobody, sessions }: TestPlace,
  pages: readonly Whoami[],
  ofSession: readonly (readonly [string, string])[],
): Promise<readonly TestStep[]> {
  const { isSession } = createSessionNames(sessions);
  const get = (send: SendTest, sent: string) =>
    Promise.all(
      pages.map(async ({ path }): Promise<WhoamiPage> => {
        const { status, location, body } = await send({ path, cookie: sent });
        return { status, location, body: Buffer.from(body) };
      }),
    );
  const named = (all: readonly WhoamiPage[]) => all.map((each, i) => nameOn(each, pages[i] as Whoami));
  const own = named(await get(asked, cookieOf(ofSession)));
  const strangers = await get(asked, '');
  const isNamed = named(strangers).some((name) => name !== undefined);
  // Another one, since the login may have logged in the first one's session.
  const opened = await origin({ path: account.form ?? account.login });
  const visitor = await get(asked, cookieOf([...jarAfter(opened)].filter(([name]) => isSession(name))));
  const isProof = (all: readonly WhoamiPage[]): boolean =>
    !isNamed && all.every((each, i) => isOfStranger(each, strangers[i] as WhoamiPage, pages[i] as Whoami));
  const step = (name: string, isFaulty: boolean, fault: string): TestStep =>
    isFaulty ? { step: name, fault } : { step: name };
  return [
    step(
      'whoami names who is signed in',
      own.includes('unknown') || !own.some((name) => typeof name === 'object'),
      own.includes('unknown')
        ? 'the page of whoami has its words twice, or no end of the name'
        : 'the page of whoami names nobody: is a session bound to an agent or a language, or does it need a page of its own?',
    ),
    step('whoami names no stranger', isNamed, 'the page of whoami names somebody to a stranger'),
    step(
      'whoami proves that nobody is signed in',
      !isProof(visitor),
      'its page is another one for each stranger: take one that is always the same',
    ),
    step(
      'whoami shows strangers of all addresses the same',
      !isProof(await get(askedByNobody, '')),
      'its page depends on the address of a client: take one that is always the same',
    ),
  ];
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
