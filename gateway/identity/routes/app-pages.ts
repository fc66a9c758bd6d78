// What the host of an application has of sign-ins: where a browser comes back, and signs out.

import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { originOf } from '../navigation.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { APP_COOKIE, START_COOKIE } from '../sessions/sessions.ts';
import { answerKeptForm, KEPT } from './kept-forms.ts';
import { takeHandOver } from './once.ts';
import { answerOrLeadBack, BackToSite, needingState, parameterOf, type RouteParts } from './route.ts';
import { answerAppSignOut, SIGN_OUT } from './sign-out.ts';

export const CALLBACK = '/.credveil/callback';
export const APP_PAGES: ReadonlySet<string> = new Set([CALLBACK, SIGN_OUT, KEPT]);

/** @throws Refusal */
export async function answerAppPage(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { head } = exchange;
  const isSignOut = head?.path === SIGN_OUT;
  if (head?.method !== 'GET' && (!isSignOut || head?.method !== 'POST')) throw new Refusal('METHOD_REFUSED');
  const answer = isSignOut ? answerAppSignOut : head.path === KEPT ? answerKeptForm : answerCallback;
  await answerOrLeadBack(exchange, parts, answer);
}

/** The code is worth something for the browser that set out from here, and once. */
async function answerCallback(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { people, applications, observe } = parts;
  const { head, isSecure, response } = exchange;
  const code = parameterOf(exchange, 'code');
  const start = head && START_COOKIE.in(head.ownCookies, isSecure);
  const origin = originOf(exchange);
  await needingState(async () => {
    const given = code === undefined ? undefined : await takeHandOver(people.state, code);
    const isHere = given?.host === head?.host;
    const isOurs = isHere && start !== undefined && given?.start === SessionStore.idOf(start);
    const rules = given && isOurs ? applications.named(given.app)?.sessionRules : undefined;
    const person = given && rules && (await people.store.readPerson(given.personId));
    // Of two ways that a browser begins at once, one replaces the other's cookie.
    if (!given || !rules || !person)
      throw new BackToSite('SIGN_IN_STALE', { origin, target: (isHere && given?.target) || '/' });
    const value = OwnCookie.draw();
    const { host, personId, target } = given;
    await people.store.createApp(value, { host, personId, seenAt: Date.now(), person: person.person }, rules);
    // Behind its creation, so that none slips through while all are ended.
    if (person.signedInAt <= (await people.store.validSince(given.app))) {
      await people.store.endApp(SessionStore.idOf(value));
      throw new BackToSite('SIGN_IN_STALE', { origin, target });
    }
    // Absolute: `//` at the beginning of a target would name another host.
    sendRedirect(response, 303, origin + target, ['Set-Cookie', APP_COOKIE.format(value, isSecure)]);
  });
  observe.answered(exchange, 'REDIRECTED');
}
