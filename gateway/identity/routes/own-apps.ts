// What people have at the gateway's own host once they are signed in: their applications and their
// sessions.

import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { userIdOf } from '../../factors/factor.ts';
import { homePage } from '../../launcher/home-page.ts';
import { labelOfHost, ownAppsOf } from '../../launcher/own-apps.ts';
import { sessionsPage } from '../../launcher/sessions-page.ts';
import { type Notice, sendOwnPage } from '../../launcher/shell.ts';
import { nameOf } from '../person.ts';
import { formTokenOf, readOwnForm } from './own-form.ts';
import { needingState, type OwnSession, ownSessionOf, parameterOf, type RouteParts } from './route.ts';
import { askForOwn } from './sign-in.ts';
import { endOwn } from './sign-out.ts';

/** A request writes nothing more often than this. */
const TOUCH_MS = 60_000;
const SESSIONS = '/sessions';

/** Where a person's page needs one. */
type OwnAnswer = (exchange: Exchange, own: OwnSession, parts: RouteParts) => Promise<void>;

/** A page of somebody who is signed in; others sign in first, and come back to it. */
export const pageOf =
  (answer: OwnAnswer) =>
  async (exchange: Exchange, parts: RouteParts): Promise<void> => {
    const own = await needingState(() => ownSessionOf(exchange, parts));
    if (own) await answer(exchange, touched(own, parts), parts);
    else await askForOwn(exchange, parts);
    parts.observe.allowed(exchange);
  };

/** What a form of such a page does. @throws Refusal `SIGN_IN_REQUIRED`, those of `readOwnForm` */
export const formOf =
  (answer: (exchange: Exchange, own: OwnSession, form: URLSearchParams, parts: RouteParts) => Promise<void>) =>
  async (exchange: Exchange, parts: RouteParts): Promise<void> => {
    const own = await needingState(() => ownSessionOf(exchange, parts));
    if (!own) throw new Refusal('SIGN_IN_REQUIRED');
    const form = await readOwnForm(exchange, own.id, parts);
    await answer(exchange, touched(own, parts), form, parts);
  };

/** It was used, and lasts longer for it. Without the state it lasts as long as it did. */
function touched(own: OwnSession, { people, identity }: RouteParts): OwnSession {
  if (!own.hasDrifted && Date.now() - own.record.seenAt >= TOUCH_MS)
    people.store.touchPerson(own.id, own.record, identity.ofPerson).catch(() => undefined);
  return own;
}

export const answerHome = pageOf(async ({ response, client }, { record }, { applications, identity, geo, people }) => {
  const { person } = record;
  const apps = ownAppsOf(applications.all(), { person, address: client, geo }, identity.origin);
  const mayWait = [...applications.all()].some(({ hold }) => hold !== undefined && hold.waits.size > 0);
  // What cannot be read now is told by mail, and on its own page.
  const asked = mayWait ? await people.holds.waiting.listOf(userIdOf(person)).catch(() => undefined) : undefined;
  await sendOwnPage(response, homePage(apps, nameOf(person), asked?.logins.length));
});

const NOTICES: { readonly [done: string]: Notice } = {
  ended: { kind: 'done', text: 'The session has ended.' },
  others: { kind: 'done', text: 'All other sessions have ended.' },
  gone: { kind: 'done', text: 'This session had ended before.' },
};

export const answerSessions = pageOf(async (exchange, { id, record: { person } }, parts) => {
  const { people, identity } = parts;
  const sessions = await needingState(() => people.store.listOf(person));
  const done = parameterOf(exchange, 'done') ?? '';
  const page = sessionsPage({
    sessions,
    own: id,
    person: nameOf(person),
    token: formTokenOf(id, parts),
    now: Date.now(),
    labelOf: (provider) => identity.providers.get(provider)?.label ?? provider,
    labelOfHost: (host) => labelOfHost(parts.applications.all(), host),
    notice: Object.hasOwn(NOTICES, done) ? NOTICES[done] : undefined,
  });
  await sendOwnPage(exchange.response, page);
});

/** One session, which has to be of the person who ends it. */
export const answerEndSession = formOf(async (exchange, own, form, parts) => {
  const { store } = parts.people;
  const id = form.get('session') ?? '';
  if (id === own.id) return endOwn(exchange, own, parts);
  const sessions = await needingState(() => store.listOf(own.record.person));
  const isTheirs = sessions.some((session) => session.id === id);
  const hasEnded = isTheirs && (await needingState(() => store.endPerson(id)));
  leadBack(exchange, hasEnded ? 'ended' : 'gone', parts);
});

/** All of them, or all but this one. */
export const answerEndSessions = formOf(async (exchange, own, form, parts) => {
  const { store } = parts.people;
  if (form.get('keep') !== 'this') {
    await needingState(() => store.endAllOf(own.record.person));
    return endOwn(exchange, own, parts);
  }
  await needingState(async () => {
    // A page shows a hundred at most.
    for (let isMore = true; isMore; ) {
      const others = (await store.listOf(own.record.person)).filter(({ id }) => id !== own.id);
      await Promise.all(others.map(({ id }) => store.endPerson(id)));
      isMore = others.length > 0;
    }
  });
  leadBack(exchange, 'others', parts);
});

/** So that a reload sends no form again. */
function leadBack(exchange: Exchange, done: keyof typeof NOTICES, { observe }: RouteParts): void {
  sendRedirect(exchange.response, 303, `${SESSIONS}?done=${done}`);
  observe.answered(exchange, 'REDIRECTED');
}
