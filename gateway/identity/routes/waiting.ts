// Sign-ins of programs that wait for their owners, who confirm them with a factor in a browser of
// their own, or refuse them.

import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type FactorMethod, userIdOf } from '../../factors/factor.ts';
import { type Notice, sendOwnPage } from '../../launcher/shell.ts';
import { WAITING, waitingPage } from '../../launcher/waiting-page.ts';
import type { WaitingLogin } from '../../quarantine/waiting-logins.ts';
import { nameOf } from '../person.ts';
import { type ChallengePurpose, challengeUrl, isShownIn, openChallenge } from './challenge.ts';
import { countedFor } from './hold-release.ts';
import { formOf, pageOf } from './own-apps.ts';
import { formTokenOf } from './own-form.ts';
import { needingState, type OwnSession, ownSessionOf, PERSON_COOKIE, parameterOf, type RouteParts } from './route.ts';

/** Whoever has a code of an app may have it of its owner: it counts where one was shown before. */
const KEYS: readonly FactorMethod[] = ['security_key', 'biometrics'];
const ALL: readonly FactorMethod[] = [...KEYS, 'totp'];

const NOTICES: { readonly [done: string]: Notice } = {
  confirmed: { kind: 'done', text: 'The sign-in goes on. Choose a new password soon: this one has leaked.' },
  refused: { kind: 'done', text: 'The sign-in was refused. Choose a new password soon: somebody knows yours.' },
  all: { kind: 'done', text: 'The sign-ins were refused. Choose new passwords soon: somebody knows yours.' },
  gone: { kind: 'bad', text: 'This sign-in no longer waits.' },
};

export const answerWaiting = pageOf(async (exchange, own, parts) => {
  const { person } = own.record;
  const { logins, isCut } = await needingState(() => parts.people.holds.waiting.listOf(userIdOf(person)));
  const done = parameterOf(exchange, 'done') ?? '';
  const page = waitingPage({
    waiting: logins,
    isCut,
    person: nameOf(person),
    token: formTokenOf(own.id, parts),
    now: Date.now(),
    notice: Object.hasOwn(NOTICES, done) ? NOTICES[done] : undefined,
  });
  await sendOwnPage(exchange.response, page);
});

export const answerConfirmWaiting = formOf(async (exchange, own, form, parts) => {
  const login = await waitingIn(form, own, parts);
  if (!login) return leadBack(exchange, 'gone', parts);
  const user = userIdOf(own.record.person);
  const challenge = await needingState(async () =>
    openChallenge(parts, {
      user,
      purpose: 'confirm',
      browser: own.id,
      app: login.app,
      methods: (await isShownIn(exchange, user, parts)) ? ALL : KEYS,
      note: login.id,
      counted: countedFor(login.id, { forMs: parts.people.holds.waiting.waitMs }),
    }),
  );
  sendRedirect(exchange.response, 303, challengeUrl(challenge));
  parts.observe.answered(exchange, 'REDIRECTED');
});

export const answerRefuseWaiting = formOf(async (exchange, own, form, parts) => {
  const ids = new Set(form.getAll('login'));
  const { logins } = await needingState(() => parts.people.holds.waiting.listOf(userIdOf(own.record.person)));
  const refused = logins.filter(({ id }) => ids.has(id));
  for (const login of refused) await end(login, parts);
  leadBack(exchange, refused.length > 1 ? 'all' : refused.length === 1 ? 'refused' : 'gone', parts);
});

/** `note` is the id of the login. */
export const confirm: ChallengePurpose = {
  cookie: PERSON_COOKIE,
  async onGiven(exchange, { browser, user, note }, given, parts) {
    const own = await needingState(() => ownSessionOf(exchange, parts));
    if (own?.id !== browser || given.trustedFrom > given.at) throw new Refusal('CHALLENGE_GONE');
    const { waiting } = parts.people.holds;
    const login = await needingState(() => waiting.find(user, note));
    if (login) await needingState(() => waiting.confirm(login.id));
    return { location: `${WAITING}?done=${login ? 'confirmed' : 'gone'}`, headers: [] };
  },
  async onSpent({ user, note }, parts) {
    const login = await needingState(() => parts.people.holds.waiting.find(user, note));
    if (login) await end(login, parts);
  },
};

const waitingIn = (form: URLSearchParams, own: OwnSession, { people }: RouteParts): Promise<WaitingLogin | undefined> =>
  needingState(() => people.holds.waiting.find(userIdOf(own.record.person), form.get('login') ?? ''));

async function end({ id, app }: WaitingLogin, { people, applications }: RouteParts): Promise<void> {
  const rules = applications.named(app)?.hold;
  if (rules) await needingState(() => people.holds.abandon(id, rules));
  await needingState(() => people.holds.waiting.remove(id));
}

/** So that a reload sends no form again. */
function leadBack(exchange: Exchange, done: keyof typeof NOTICES, { observe }: RouteParts): void {
  sendRedirect(exchange.response, 303, `${WAITING}?done=${done}`);
  observe.answered(exchange, 'REDIRECTED');
}
