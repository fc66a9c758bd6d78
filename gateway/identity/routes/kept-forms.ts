// Forms that somebody sent whose session had expired, or who had to show a factor first. One is
// kept until the same person is back in the same browser, sees what it is, and sends it on by
// their own click.
//
// A gateway that sent it on by itself would turn the request of another site into one of this site:
// nothing is kept that another site may have sent, and nothing is sent on twice.

import { html } from '../../../runtime/http/markup.ts';
import { Refusal } from '../../answers/kinds.ts';
import { OPEN_POLICY, sendPage } from '../../answers/page.ts';
import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { originOf } from '../navigation.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { START_COOKIE } from '../sessions/sessions.ts';
import type { People } from '../setup/people.ts';
import { needingState, parameterOf, type RouteParts } from './route.ts';

export const KEPT = '/.credveil/form';
/** What the button of the page sends: a name, and a token of 43 characters. */
export const FIELD = 'credveil-form=';
export const MAX_FORM_BYTES = 65_536;
const ROOM = 'once';
/** As long as the cookie lasts that ties it to its browser. */
const KEPT_TTL_MS = 10 * 60_000;
/** Of one person; then the oldest leave. */
const MAX_KEPT = 8;

export interface KeptForm {
  /** Names its person. */
  readonly who: string;
  /** The id of the cookie of their browser. */
  readonly start: string;
  readonly app: string;
  readonly host: string;
  /** Path and query, as they came. */
  readonly target: string;
  readonly type: string;
  /** Base64. */
  readonly body: string;
}

type Kept = Pick<People, 'state' | 'seal' | 'store'>;

/** @returns what finds it again @throws StateError */
export async function keepForm(form: KeptForm, { state, seal, store }: Kept): Promise<string> {
  const token = OwnCookie.draw();
  const owner = store.names.of('kept forms', form.who);
  const sealed = seal.close('form', form, KEPT_TTL_MS);
  await state.set(ROOM, keyOf(token), sealed, { ttlMs: KEPT_TTL_MS, owner, maxOwned: MAX_KEPT });
  return token;
}

/** The token, of one that was not sent on yet. @throws Refusal `FORM_STALE`, StateError */
export async function stillKept(token: string, { state }: Pick<Kept, 'state'>): Promise<string> {
  if ((await state.get(ROOM, keyOf(token))) === undefined) throw new Refusal('FORM_STALE');
  return token;
}

/** Takes it, so that it is sent on once. Undefined for one of another. @throws StateError */
export async function takeForm(token: string, exchange: Exchange, kept: Kept): Promise<KeptForm | undefined> {
  return own(await kept.state.takeOnce(ROOM, keyOf(token)), exchange, kept);
}

function own(sealed: string | undefined, { head, isSecure, session }: Exchange, { seal, store }: Kept) {
  const opened = sealed === undefined ? undefined : seal.open('form', sealed);
  const start = head && START_COOKIE.in(head.ownCookies, isSecure);
  if (!opened || opened.isExpired || start === undefined || !session) return undefined;
  const form = opened.value as KeptForm;
  const isTheirs = form.who === store.names.person(session.person) && form.start === SessionStore.idOf(start);
  return isTheirs && form.host === head?.host ? form : undefined;
}

/** What would be sent on, and a button: to whom it belongs alone. */
export async function answerKeptForm(exchange: Exchange, { people, applications, observe }: RouteParts): Promise<void> {
  const token = parameterOf(exchange, 'kept') ?? '';
  const sealed = await needingState(() => people.state.get(ROOM, keyOf(token)));
  const opened = sealed === undefined ? undefined : people.seal.open('form', sealed);
  const application = opened && applications.named((opened.value as KeptForm).app);
  const session = application && (await people.sessions.personOf(exchange, application));
  if (session === 'unavailable') throw new Refusal('SESSIONS_AWAY');
  exchange.session = session === 'none' ? undefined : session;
  const form = own(sealed, exchange, people);
  if (!form) throw new Refusal('FORM_STALE');
  const { target, body } = form;
  const size = Buffer.from(body, 'base64').length;
  sendPage(
    exchange.response,
    'Send it now?',
    html`<p>This was not passed on when you sent it, because you had to sign in or to show a factor first:</p><p><code>POST ${target}</code><br>${size} bytes</p><form method="post" action="${originOf(exchange)}${target}"><input type="hidden" name="${FIELD.slice(0, -1)}" value="${token}"><button>Send it</button></form><p><a href="/">Do not send it</a></p>`,
    [],
    OPEN_POLICY,
  );
  observe.allowed(exchange);
}

const keyOf = (token: string): string => `form.${SessionStore.idOf(token)}`;
