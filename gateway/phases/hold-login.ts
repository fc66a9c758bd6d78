// A login of an application whose logins can be held back: its browser is locked before it is
// forwarded, and what the answer opens is passed on under a new handle, or held.

import { Refusal } from '../answers/kinds.ts';
import { actionsFor } from '../checks/on-leaked.ts';
import type { Exchange } from '../exchange.ts';
import { isHttp2, streamOf } from '../http-version.ts';
import { isNavigation, isOfOtherHost, originOf } from '../identity/navigation.ts';
import { needingState } from '../identity/routes/route.ts';
import { type Attempt, isOfBrowser, type Judgement, type Login } from '../login/attempt.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { OnEnd } from '../quarantine/held-ends.ts';
import type { HeldLogin } from '../quarantine/held-login.ts';
import type { HoldRules } from '../quarantine/hold-rules.ts';
import { logOutHeld } from '../quarantine/log-out.ts';
import { tellOwner } from '../quarantine/tell-owner.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { answerToWrong } from './answer-wrong.ts';
import type { LoginAnswer } from './check/check-login.ts';
import { answerHeld } from './enter-hold.ts';
import { ownHeadersFor } from './forward-request.ts';
import { freezeLogin, heldLoginOf, responseOf } from './freeze-login.ts';
import { ownerOf, type Rise, signedIn } from './hold-rise.ts';
import { waitForOwner } from './wait-for-owner.ts';

/**
 * Whoever confirms a login is led to where it was sent: to a host of the application, and a port of
 * the gateway. A client writes what it wants.
 */
function isAtOwnHost({ head, message }: Exchange, { hosts }: HoldRules, { config, identity }: GatewaySetup): boolean {
  if (!head || !hosts.has(head.host)) return false;
  const port = portOf(head.authority);
  if (port === '') return true;
  const socket = isHttp2(message) ? streamOf(message).session?.socket : message.socket;
  return port === String(socket?.localPort) || (identity !== undefined && port === portOf(config.auth ?? ''));
}

const portOf = (authority: string): string => /:(\d+)$/.exec(authority)?.[1] ?? '';

/**
 * Nothing else of this browser passes from here on.
 * @returns false if the client has its answer
 * @throws Refusal
 */
export async function lockLogin(
  exchange: Exchange,
  { login }: Pick<Attempt, 'login'>,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<boolean> {
  const { hold, head } = exchange;
  if (!hold || !head) return true;
  if (!isAtOwnHost(exchange, hold.rules, setup)) throw new Refusal('HOST_UNKNOWN');
  if (!login.isElsewhere && isForeignForm(exchange, login)) throw new Refusal('FORM_FOREIGN');
  const mayLock = !mayEndBrowser(exchange, login) || (await needingState(() => hold.mayEnd()));
  const state = mayLock ? await needingState(() => hold.lock()) : 'dead';
  if (state === 'dead') {
    // A login before it was broken off, such as by a second click: this one begins anew.
    exchange.hold = await needingState(() => hold.anew());
    exchange.head = { ...head, headers: hold.jar.withoutSessions(head.headers) };
    return true;
  }
  if (state !== 'free') {
    await needingState(() => answerHeld(exchange, state, hold.id ?? '', parts, setup));
    return false;
  }
  if (!hold.jar.isEmpty) hold.before = await signedIn(exchange, hold, []);
  // Its client has left, and nothing of it is sent.
  if (exchange.response.destroyed) await needingState(() => hold.unlock());
  return true;
}

/** Who is signed in as somebody else by another host would be shown the held login of that one. */
export const isForeignForm = (exchange: Exchange, login: Login): boolean =>
  isOfBrowser(login) && isOfOtherHost(exchange) && !isUnnamed(exchange);

/**
 * A login with a finding ends the sessions that it is sent with, and so may what nothing describes,
 * however it ends: too many begin without any.
 */
function mayEndBrowser({ application, verdict }: Exchange, { isElsewhere }: Login): boolean {
  const { login } = application?.config ?? {};
  return isElsewhere === true || (login && verdict && actionsFor(verdict, login).includes('hold')) === true;
}

/**
 * Behind a page that hides its address (`Referrer-Policy: no-referrer`), browsers name no origin,
 * and under plain HTTP no site. Its form is of this site where the handle came with it, which is a
 * cookie that browsers send with no form of another site.
 */
const isUnnamed = ({ message: { headers }, hold }: Exchange): boolean =>
  headers['sec-fetch-site'] === undefined && headers.origin === 'null' && hold?.id !== undefined;

export interface EndedLogin {
  readonly attempt: Attempt;
  readonly rise: Rise | undefined;
  readonly answer: LoginAnswer;
  /** Its body. */
  readonly content: Content | undefined;
  /** Once a login that was held has ended: how it counts in limits. */
  readonly settle: OnEnd;
  /** What its answer looks like. */
  readonly told: Judgement;
  /** The application has named one user for sure, whose names were typed. */
  readonly isTheirs: boolean;
  /** Its password has leaked, and the application asks for nothing more behind it. */
  readonly isFound: boolean;
  /** The application has reported that it was wrong. */
  readonly isWrong: boolean;
}

/**
 * Phase 13 of such a login: its browser is set free, goes on under a new handle, or is held.
 * @returns false if the client has its answer
 */
export async function endLogin(
  exchange: Exchange,
  held: HeldResponse,
  ended: EndedLogin,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<boolean> {
  const { hold } = exchange;
  const { answer, rise } = ended;
  if (!hold) return true;
  if (hold.isLate) throw new Refusal('LOGIN_PENDING');
  if (answer.kind === 'hold') {
    await needingState(() => holdBack(exchange, held, { ...ended, answer }, parts, setup));
    return false;
  }
  if (answer.kind === 'refuse') return true;
  // It may be right, whatever its answer looks like. And a program that sees what is done about a
  // right password would tell it from a wrong one.
  if (ended.isFound && !(ended.isWrong && isNavigation(exchange))) {
    held.discard();
    await needingState(() => refuseLogin(exchange, ended, parts, setup));
    return false;
  }
  if (!ended.isFound) await needingState(() => payOwed(exchange, ended, parts));
  // A page that proves nothing, behind a failure whose password has not leaked, is no rise.
  if (rise && (rise.isSure || ended.told.outcome !== 'failure' || ended.isFound)) {
    const isNew = await needingState(() => hold.rise(rise.isSure ? rise.user : undefined));
    const headers = [...held.headers, ...(isNew ? hold.jar.renew(held.headers) : [])];
    held.changeHeaders(() => hold.jar.seal(headers, Date.now()));
  } else {
    await needingState(() => hold.unlock());
    held.changeHeaders((headers) => hold.jar.seal(headers, Date.now()));
  }
  hold.leaves();
  return true;
}

/**
 * Whoever owed another password has it, once one without a finding is right: the page shows them,
 * or a location has told what a success looks like. Anybody may type a name.
 */
async function payOwed(
  exchange: Exchange,
  { attempt, rise, told, isTheirs }: EndedLogin,
  parts: PipelineParts,
): Promise<void> {
  const isRight = rise?.user === undefined ? isToldSuccess(told) : told.outcome !== 'failure';
  const user = isTheirs ? rise?.user : isRight ? await ownerOf(exchange, attempt.typed, rise, parts) : undefined;
  if (user !== undefined) await exchange.hold?.paid(user);
}

const isToldSuccess = ({ outcome, isProven, isGuessed }: Judgement): boolean =>
  outcome === 'success' && (isProven || isGuessed !== true);

type Held = EndedLogin & { readonly answer: Extract<LoginAnswer, { kind: 'hold' }> };

async function holdBack(
  exchange: Exchange,
  held: HeldResponse,
  { attempt, rise, answer, content, settle, told }: Held,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { hold } = exchange;
  const { typed, login } = attempt;
  const of = { login: login.name, typed, location: answer.location, changePage: login.changePassword };
  const response = { ...responseOf(held), headers: [...held.headers, ...answer.headers] };
  const opened = await heldLoginOf(exchange, response, { ...of, rise }, parts);
  held.discard();
  if (!hold || !opened) return;
  const onEnd = endOf(exchange, opened, settle, parts);
  if (isOfBrowser(login) && isNavigation(exchange)) {
    await freezeLogin(exchange, opened, { typed, onEnd }, parts, setup);
    return;
  }
  // What may be a wrong password takes no place of what waits, and its owner no time.
  const isRight = opened.isSeen || isToldSuccess(told);
  const waited = isRight ? await waitForOwner(exchange, opened, parts, setup) : 'not asked';
  const isReleased = waited === 'released';
  // Its answer does not wait: how long the application takes would tell a right password.
  void onEnd(isReleased);
  if (isReleased) return;
  // Whoever was asked to confirm it knows.
  if (waited === 'not asked') {
    parts.people?.holds.events.held(exchange, opened.app, login.name, 'refused');
    void tellOwner(opened, typed, 'nowhere', parts, setup);
  }
  await refuseLogin(exchange, { attempt, content }, parts, setup);
}

/** An abandoned login is one that has failed; and the application may end its session. */
function endOf(exchange: Exchange, login: HeldLogin, settle: OnEnd, parts: PipelineParts): OnEnd {
  const { hold, application } = exchange;
  const events = parts.people?.holds.events;
  const own = ownHeadersFor(exchange);
  return async (isReleased) => {
    try {
      await settle(isReleased);
      if (!isReleased && hold && application && events)
        await logOutHeld(application.origin, login, hold.rules, own, events);
    } catch (error) {
      parts.observe.failed(exchange, error);
    }
  };
}

/**
 * What its browser had is worth nothing any more: what the login has begun may go on without a
 * password, such as by the choice of a role. A program gets the answer to a wrong password.
 */
async function refuseLogin(
  exchange: Exchange,
  { attempt, content }: Pick<EndedLogin, 'attempt' | 'content'>,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { hold } = exchange;
  if (!hold) return;
  await hold.kill();
  const headers = ['Vary', 'Cookie'];
  if (isNavigation(exchange)) {
    exchange.answer('LOGIN_WRONG', { headers, link: { href: formOf(exchange), text: 'Back to the sign-in' } });
    parts.observe.answered(exchange, 'LOGIN_WRONG');
    return;
  }
  const decoy = await answerToWrong(exchange, attempt, content, parts, setup);
  if (decoy) {
    hold.jar.renew([]);
    decoy.changeHeaders((headers) => hold.jar.seal(headers, Date.now()));
    hold.leaves();
    decoy.release();
    return;
  }
  exchange.answer('LOGIN_HELD', { headers });
  parts.observe.answered(exchange, 'LOGIN_HELD');
}

/** The page that has sent it, if it is of this site; else what many forms lead to is one, too. */
function formOf(exchange: Exchange): string {
  const { message, head } = exchange;
  const { referer = '' } = message.headers;
  const own = originOf(exchange);
  if (URL.canParse(referer) && new URL(referer).origin === own) return referer;
  return own + (head?.path ?? '/');
}
