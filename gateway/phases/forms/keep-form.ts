// Phase 6, for forms: one whose person has to sign in or to show a factor first is kept for them,
// or refused; and what a person sends on takes the place of the request that says so.

import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { pairsOf } from '../../header-pairs.ts';
import { isNavigation, isSameOrigin } from '../../identity/navigation.ts';
import { FIELD, KEPT, keepForm, MAX_FORM_BYTES, stillKept, takeForm } from '../../identity/routes/kept-forms.ts';
import { needingState } from '../../identity/routes/route.ts';
import { SessionStore } from '../../identity/sessions/session-store.ts';
import { APP_COOKIE, type SignInStart, type SignInWay } from '../../identity/sessions/sessions.ts';
import { findCandidates } from '../../login/find-login.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import { type Content, collectBody } from '../../request/collect-body.ts';

/** Of forms and JSON. Other sites can send `text/plain` that reads as either. */
const TYPE = /^(?:application\/(?:x-www-form-urlencoded|json)|multipart\/form-data) *(?:;|$)/i;
const TOKEN_BYTES = FIELD.length + 43;

/** A page of this very application sent it, and all of it may be kept. */
export function mayKeep(exchange: Exchange): boolean {
  const { head, message } = exchange;
  if (head?.method !== 'POST' || !isNavigation(exchange) || !isSameOrigin(exchange)) return false;
  const { 'content-type': type = '', 'content-encoding': coding, authorization } = message.headers;
  if (!TYPE.test(type) || coding !== undefined || authorization !== undefined || head.expectsContinue) return false;
  // A password is typed anew.
  return typeof head.body === 'number' && head.body <= MAX_FORM_BYTES && findCandidates(exchange) === undefined;
}

/**
 * Keeps it for whom the browser had a session of until a day ago, and leads to the sign-in.
 * @returns whether it did: the request was answered then, or its client has left
 */
export async function keptForSignIn(exchange: Exchange, parts: PipelineParts): Promise<boolean> {
  const { head, application, isSecure } = exchange;
  const { people } = parts;
  const cookie = head && APP_COOKIE.in(head.ownCookies, isSecure);
  if (!people || !application || cookie === undefined) return false;
  const before = await needingState(() => people.store.readEnded(SessionStore.idOf(cookie)));
  if (before?.host !== head?.host) return false;
  const startFor = (way: SignInWay) => people.sessions.signInUrl(exchange, application, { ...exchange.access, ...way });
  await keepFor({ who: before?.who ?? '', startFor }, exchange, parts);
  return true;
}

/** Whose it is, and where they do first what they have to. */
interface Keeping {
  readonly who: string;
  readonly startFor: (way: SignInWay) => SignInStart;
}

/**
 * Keeps what `mayKeep` for its person, and leads away.
 * @throws Refusal `FORM_STALE`, `SESSIONS_AWAY`
 */
export async function keepFor({ who, startFor }: Keeping, exchange: Exchange, parts: PipelineParts): Promise<void> {
  const { head, application, message, response } = exchange;
  const { people, observe, bodyRates } = parts;
  if (!people || !head || !application) throw new TypeError('nobody to keep it for');
  bodyRates.watch(message);
  const content = await collectBody(message, response, MAX_FORM_BYTES);
  if (!content?.isWhole) return;
  const { start } = startFor({});
  const text = content.bytes.toString('latin1');
  const form = {
    ...{ who, start: SessionStore.idOf(start), app: application.name, host: head.host },
    ...{ target: head.target, type: message.headers['content-type'] ?? '', body: content.bytes.toString('base64') },
  };
  const token = await needingState(() =>
    // A click that came too late for its person: what it would send on is there still.
    text.startsWith(FIELD) ? stillKept(text.slice(FIELD.length), people) : keepForm(form, people),
  );
  const { url, headers } = startFor({ start, target: `${KEPT}?kept=${token}` });
  sendRedirect(response, 303, url, headers);
  observe.answered(exchange, 'REDIRECTED');
}

/** Whether it may be the button of the page that shows what was kept. */
export const isSendingOn = ({ head, message, session }: Exchange): boolean =>
  session !== undefined &&
  head?.method === 'POST' &&
  head.body === TOKEN_BYTES &&
  !head.expectsContinue &&
  /^application\/x-www-form-urlencoded$/i.test(message.headers['content-type'] ?? '');

/**
 * Puts what was kept in the place of a request that sends it on; any other stays as it is.
 * @returns its body; undefined if the client has left
 * @throws Refusal `FORM_STALE`, `FORM_FOREIGN`
 */
export async function sendOn(exchange: Exchange, { people, bodyRates }: PipelineParts): Promise<Content | undefined> {
  const { head, application, message, response } = exchange;
  bodyRates.watch(message);
  const content = await collectBody(message, response, MAX_FORM_BYTES);
  const text = content?.bytes.toString('latin1') ?? '';
  if (!content || !people || !head || !text.startsWith(FIELD)) return content;
  if (!isSameOrigin(exchange) || !isNavigation(exchange)) throw new Refusal('FORM_FOREIGN');
  const form = await needingState(() => takeForm(text.slice(FIELD.length), exchange, people));
  if (form?.target !== head.target || form.app !== application?.name) throw new Refusal('FORM_STALE');
  const bytes = Buffer.from(form.body, 'base64');
  const headers = pairsOf(head.headers).filter(([name]) => name.toLowerCase() !== 'content-type');
  exchange.head = { ...head, headers: [...headers.flat(), 'Content-Type', form.type], body: bytes.length };
  if (findCandidates(exchange) !== undefined) throw new Refusal('FORM_STALE');
  return { bytes, isWhole: true };
}
