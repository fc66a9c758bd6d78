// A login of an application whose logins can be held back: its browser is locked before it is
// forwarded, and what the answer opens is passed on under a new handle, or held.

import { formatRange, networkOf } from '../../addresses/network.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { handleOf } from '../../handle/handles.ts';
import { headerValues, pairsOf } from '../../header-pairs.ts';
import { isHttp2, streamOf } from '../../http-version.ts';
import { isNavigation, originOf } from '../../identity/navigation.ts';
import { needingState } from '../../identity/routes/route.ts';
import { type Attempt, actsAtOnce, isOfBrowser } from '../../login/attempt.ts';
import { judgeOutcome } from '../../login/outcome.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import { createDecoy } from '../../quarantine/decoy.ts';
import type { HeldLogin } from '../../quarantine/held-login.ts';
import type { HoldRules } from '../../quarantine/hold-rules.ts';
import { tellOwner } from '../../quarantine/tell-owner.ts';
import type { Content } from '../../request/collect-body.ts';
import type { GatewaySetup } from '../../setup.ts';
import type { HeldResponse } from '../../upstream/held-response.ts';
import type { LoginAnswer } from '../check-login.ts';
import { forwardLogin } from '../forward-request.ts';
import { answerHeld } from './enter-hold.ts';
import { ownerOf, type Rise, riseOf, signedIn } from './hold-rise.ts';

/** A customer has a /64 at least. */
const networkKey = ({ client }: Exchange): string =>
  client ? formatRange(networkOf(client, client.family === 4 ? 32 : 64)) : '';

const FOREIGN: ReadonlySet<unknown> = new Set(['cross-site', 'same-site']);

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
  { login }: Attempt,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<boolean> {
  const { hold, message } = exchange;
  if (!hold) return true;
  if (!isAtOwnHost(exchange, hold.rules, setup)) throw new Refusal('HOST_UNKNOWN');
  // Who is signed in as somebody else by another site would be shown that one's held login.
  // So would who is signed in by another host of the same site.
  if (isOfBrowser(login) && FOREIGN.has(message.headers['sec-fetch-site'])) throw new Refusal('FORM_FOREIGN');
  const state = await needingState(() => hold.lock());
  if (state !== 'free') {
    await needingState(() => answerHeld(exchange, state, hold.id ?? '', parts, setup));
    return false;
  }
  if (!hold.jar.isEmpty) hold.before = await signedIn(exchange, hold, []);
  return true;
}

export interface EndedLogin {
  readonly attempt: Attempt;
  readonly rise: Rise | undefined;
  readonly answer: LoginAnswer;
  /** Its body. */
  readonly content: Content | undefined;
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
  if (rise) {
    const headers = [...held.headers, ...hold.jar.renew(held.headers)];
    await needingState(() => hold.kill());
    held.changeHeaders(() => hold.jar.seal(headers, Date.now()));
  } else {
    await needingState(() => hold.unlock());
    held.changeHeaders((headers) => hold.jar.seal(headers, Date.now()));
  }
  hold.leaves();
  return true;
}

type Held = EndedLogin & { readonly answer: Extract<LoginAnswer, { kind: 'hold' }> };

async function holdBack(
  exchange: Exchange,
  held: HeldResponse,
  { attempt, rise, answer, content }: Held,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { hold, application, head } = exchange;
  const { observe } = parts;
  const holds = parts.people?.holds;
  if (!hold || !application || !head || !holds) return;
  const isForPeople = isOfBrowser(attempt.login) && isNavigation(exchange);
  const login: HeldLogin = {
    app: application.name,
    origin: originOf(exchange),
    target: head.target,
    user: await ownerOf(exchange, attempt, rise, parts),
    login: attempt.login.name,
    status: held.status,
    headers: [...held.headers, ...answer.headers],
    body: held.isWhole && held.body ? held.body.toString('base64') : undefined,
    jar: hold.jar.contents,
    location: answer.location,
  };
  held.discard();
  if (!isForPeople) {
    await hold.kill();
    holds.events.held(exchange, application.name, attempt.login.name, 'refused');
    void tellOwner(login, attempt.typed, application, parts, setup);
    const decoy = await answerToWrong(exchange, attempt, content, parts, setup);
    if (decoy) {
      hold.jar.renew([]);
      decoy.changeHeaders((headers) => hold.jar.seal(headers, Date.now()));
      hold.leaves();
      decoy.release();
      return;
    }
    exchange.answer('LOGIN_HELD', { headers: ['Vary', 'Cookie'] });
    observe.answered(exchange, 'LOGIN_HELD');
    return;
  }
  const { handle, headers } = hold.jar.begin();
  const id = hold.id ?? holds.idOf(application.name, handle);
  const place = { network: networkKey(exchange), isKnown: await isKnown(exchange, login.user, parts) };
  if (!(await holds.freeze(id, login, place, hold.rules))) {
    hold.leave();
    holds.events.held(exchange, application.name, attempt.login.name, 'full');
    throw new Refusal('HOLD_FULL');
  }
  hold.leave();
  holds.events.held(exchange, application.name, attempt.login.name, 'held');
  void tellOwner(login, attempt.typed, application, parts, setup);
  await answerHeld(exchange, 'frozen', id, parts, setup, headers);
}

/** Whether a login of this user in this browser has gone on before. */
const isKnown = async (exchange: Exchange, user: string | undefined, { browsers }: PipelineParts): Promise<boolean> =>
  user !== undefined &&
  (await browsers?.mayHave(exchange.application?.name ?? '', handleOf(exchange), {
    users: [user],
    isNameless: false,
  })) === true;

/**
 * For a program there is no page: it gets the application's own answer to a wrong password, without
 * any session.
 * @returns undefined if the application does not answer so
 */
async function answerToWrong(
  exchange: Exchange,
  attempt: Attempt,
  content: Content | undefined,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<HeldResponse | undefined> {
  const { head, hold } = exchange;
  if (!head || !hold || content?.isWhole === false || exchange.response.destroyed) return undefined;
  // Anything else could act, with a password that nobody has.
  if (head.method !== 'POST' || actsAtOnce(attempt)) return undefined;
  if (headerValues(head.headers, 'content-encoding').length > 0) return undefined;
  const [authorization] = headerValues(head.headers, 'authorization');
  const type = headerValues(head.headers, 'content-type').join().toLowerCase();
  const body = content?.bytes.toString('latin1') ?? '';
  const decoy = createDecoy({ target: head.target, authorization, type, body }, attempt.passwords);
  if (!decoy) return undefined;
  const bytes = Buffer.from(decoy.body, 'latin1');
  const headers = pairsOf(head.headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (lower === 'authorization') return [name, decoy.authorization ?? value];
    return lower === 'cookie' ? hold.jar.withoutSessions(name, value) : [name, value];
  });
  exchange.head = { ...head, target: decoy.target, headers, body: head.body === 0 ? 0 : bytes.length };
  const wrong = content && { bytes, isWhole: true };
  const held = await forwardLogin(exchange, decoy.target, wrong, parts, setup);
  if (!held) return undefined;
  const rise = await riseOf(exchange, held);
  if (!rise && judgeOutcome(attempt.logins, exchange, held).outcome === 'failure') return held;
  held.discard();
  return undefined;
}
