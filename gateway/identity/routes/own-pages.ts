// The host of the gateway's own pages (`auth`). No application has it, so that no script of one
// runs there.

import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { ENROL, ENROL_APP, MAIL_CODE } from '../../launcher/enrol-pages.ts';
import { DRAW_CODES, FACTORS, REMOVE_FACTOR, RENAME_FACTOR } from '../../launcher/factor-pages.ts';
import { END_SESSION, END_SESSIONS } from '../../launcher/sessions-page.ts';
import { sendOwnFile } from '../../launcher/shell.ts';
import { CONFIRM_WAITING, REFUSE_WAITING, WAITING } from '../../launcher/waiting-page.ts';
import { answerCancel, answerChallenge, answerKeyOptions } from './challenge.ts';
import { answerBegin, answerFinish } from './enrol.ts';
import { answerAppForm, answerEnrolForm, answerEnrolPage, answerMailForm } from './enrol-forms.ts';
import { answerHold, answerHoldCode, answerHoldEnd, answerHoldMail } from './hold-pages.ts';
import { answerEndSession, answerEndSessions, answerHome, answerSessions } from './own-apps.ts';
import { answerFactors, answerRecovery, answerRemove, answerRename } from './own-factors.ts';
import { answerAddress, answerCode } from './pin.ts';
import { PURPOSES } from './purposes.ts';
import { type Answer, answerOrLeadBack, type RouteParts } from './route.ts';
import { answerCallback, answerSignIn } from './sign-in.ts';
import { answerLogoutNotice, answerOwnSignOut, answerSignedOut, SIGNED_OUT } from './sign-out.ts';
import { answerOpen, answerStepUpForm, answerStepUpPage } from './step-up.ts';
import { answerConfirmWaiting, answerRefuseWaiting, answerWaiting } from './waiting.ts';

const WITH_PROVIDER = /^\/(callback|back-channel-logout)\/([A-Za-z0-9][A-Za-z0-9_-]{0,63})$/;
const ASSETS = '/assets/';
/** What is no page that a person looks at. */
const IS_DATA = /^\/(?:assets|api|back-channel-logout)\//;

type Methods = { readonly [method: string]: Answer };

const ROUTES: { readonly [path: string]: Methods } = {
  '/': { GET: answerHome },
  '/sessions': { GET: answerSessions },
  [END_SESSION]: { POST: answerEndSession },
  [END_SESSIONS]: { POST: answerEndSessions },
  '/sign-in': { GET: answerSignIn },
  '/sign-out': { GET: answerOwnSignOut, POST: answerOwnSignOut },
  [FACTORS]: { GET: answerFactors },
  [RENAME_FACTOR]: { POST: answerRename },
  [REMOVE_FACTOR]: { POST: answerRemove },
  [DRAW_CODES]: { POST: answerRecovery },
  [ENROL]: { GET: answerEnrolPage, POST: answerEnrolForm },
  [ENROL_APP]: { POST: answerAppForm },
  [MAIL_CODE]: { POST: answerMailForm },
  '/step-up': { GET: answerStepUpPage, POST: answerStepUpForm },
  '/api/challenge/open': { POST: api(answerOpen) },
  '/api/challenge/key': { POST: api((exchange, parts) => answerKeyOptions(exchange, parts, PURPOSES)) },
  '/api/challenge/answer': { POST: api((exchange, parts) => answerChallenge(exchange, parts, PURPOSES)) },
  '/api/challenge/cancel': { POST: api((exchange, parts) => answerCancel(exchange, parts, PURPOSES)) },
  '/api/factors/begin': { POST: api(answerBegin) },
  '/api/factors/finish': { POST: api(answerFinish) },
  '/pin/address': { POST: answerAddress },
  '/pin/code': { POST: answerCode },
  '/hold': { GET: answerHold },
  '/hold/mail': { POST: answerHoldMail },
  '/hold/end': { POST: answerHoldEnd },
  '/hold/code': { POST: answerHoldCode },
  [WAITING]: { GET: answerWaiting },
  [CONFIRM_WAITING]: { POST: answerConfirmWaiting },
  [REFUSE_WAITING]: { POST: answerRefuseWaiting },
  [SIGNED_OUT]: { GET: answerSignedOut },
};

/** Path and method of each, but for those with the name of a provider. */
export const OWN_ROUTES: readonly (readonly [path: string, method: string])[] = Object.entries(ROUTES).flatMap(
  ([path, methods]) => Object.keys(methods).map((method) => [path, method] as const),
);

/** Of a script: it names what it cannot do by its code. */
function api(answer: (exchange: Exchange, parts: RouteParts) => Promise<void>): Answer {
  return async (exchange, parts) => {
    await answer(exchange, parts);
    if (exchange.response.statusCode < 400) parts.observe.allowed(exchange);
  };
}

/** @throws Refusal */
export async function answerOwnPage(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { head } = exchange;
  if (!head) return;
  if (!exchange.isSecure && parts.identity.origin.startsWith('https:')) {
    sendRedirect(exchange.response, 308, parts.identity.origin + (head.target.startsWith('/') ? head.target : '/'));
    parts.observe.answered(exchange, 'REDIRECTED');
    return;
  }
  const answer = routeOf(head.path, head.method);
  if (!IS_DATA.test(head.path)) assertPage(exchange);
  await answerOrLeadBack(exchange, parts, answer);
}

/**
 * No page of another site gets these as data or in a frame, although the browser would send its
 * cookies along from hosts of the same site.
 * @throws Refusal `FORM_FOREIGN`
 */
function assertPage({ message }: Exchange): void {
  const wanted = message.headers['sec-fetch-dest'];
  if (wanted !== undefined && wanted !== 'document') throw new Refusal('FORM_FOREIGN');
}

/** A style or script of the pages: the same for everybody. */
async function answerFile(exchange: Exchange, { observe }: RouteParts): Promise<void> {
  if (!(await sendOwnFile(exchange.response, exchange.head?.path ?? ''))) throw new Refusal('ROUTE_UNKNOWN');
  observe.allowed(exchange);
}

function routeOf(path: string, method: string): Answer {
  const own = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  const methods: Methods | undefined =
    own ?? (path.startsWith(ASSETS) ? { GET: answerFile } : methodsWithProvider(path));
  if (!methods) throw new Refusal('ROUTE_UNKNOWN');
  const answer = methods[method];
  if (!answer) throw new Refusal('METHOD_REFUSED');
  return answer;
}

function methodsWithProvider(path: string): Methods | undefined {
  const [, kind, provider = ''] = WITH_PROVIDER.exec(path) ?? [];
  if (kind === undefined) return undefined;
  return kind === 'callback'
    ? { GET: (exchange, parts) => answerCallback(exchange, provider, parts) }
    : { POST: (exchange, parts) => answerLogoutNotice(exchange, provider, parts) };
}
