// The host of the gateway's own pages (`auth`). No application has it, so that no script of one
// runs there.

import { ClientGoneError } from '../../../runtime/http/problem.ts';
import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { answerHold, answerHoldCode, answerHoldMail } from './hold-pages.ts';
import { answerAddress, answerCode } from './pin.ts';
import { BackToSite, type RouteParts } from './route.ts';
import { answerCallback, answerSignIn } from './sign-in.ts';
import { answerLogoutNotice, answerOwnSignOut, answerSignedOut, SIGNED_OUT } from './sign-out.ts';

const WITH_PROVIDER = /^\/(callback|back-channel-logout)\/([A-Za-z0-9][A-Za-z0-9_-]{0,63})$/;
type Answer = (exchange: Exchange, parts: RouteParts) => Promise<void> | void;

const ROUTES: { readonly [path: string]: { readonly [method: string]: Answer } } = {
  '/': { GET: answerOwnSignOut },
  '/sign-in': { GET: answerSignIn },
  '/sign-out': { GET: answerOwnSignOut, POST: answerOwnSignOut },
  '/pin/address': { POST: answerAddress },
  '/pin/code': { POST: answerCode },
  '/hold': { GET: answerHold },
  '/hold/mail': { POST: answerHoldMail },
  '/hold/code': { POST: answerHoldCode },
  [SIGNED_OUT]: { GET: answerSignedOut },
};

/** @throws Refusal */
export async function answerOwnPage(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { head } = exchange;
  if (!head) return;
  if (!exchange.isSecure && parts.identity.origin.startsWith('https:')) {
    sendRedirect(exchange.response, 308, parts.identity.origin + (head.target.startsWith('/') ? head.target : '/'));
    parts.observe.answered(exchange, 'REDIRECTED');
    return;
  }
  await answerOrLeadBack(exchange, parts, routeOf(head.path, head.method));
}

/** An answer of such a route, or one with a link to the site that somebody came from. */
export async function answerOrLeadBack(exchange: Exchange, parts: RouteParts, answer: Answer): Promise<void> {
  try {
    await answer(exchange, parts);
  } catch (error) {
    if (error instanceof ClientGoneError) return;
    if (!(error instanceof BackToSite)) throw error;
    exchange.answer(error.code, { link: { href: error.href, text: 'Open the site again' } });
    parts.observe.answered(exchange, error.code);
  }
}

function routeOf(path: string, method: string): Answer {
  const [, kind, provider = ''] = WITH_PROVIDER.exec(path) ?? [];
  const own = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  const callback: Answer = (exchange, parts) => answerCallback(exchange, provider, parts);
  const notice: Answer = (exchange, parts) => answerLogoutNotice(exchange, provider, parts);
  const methods = own ?? (kind === undefined ? undefined : kind === 'callback' ? { GET: callback } : { POST: notice });
  if (!methods) throw new Refusal('ROUTE_UNKNOWN');
  const answer = methods[method];
  if (!answer) throw new Refusal('METHOD_REFUSED');
  return answer;
}
