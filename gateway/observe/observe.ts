// What becomes of requests: counted by application and status, and one event for each action.

import { nameError, type OnEvent } from '../../runtime/events.ts';
import { counter, type Metric } from '../../runtime/observe/metric.ts';
import { RequestCounts } from '../../runtime/observe/request-counts.ts';
import { formatAddress } from '../addresses/address.ts';
import type { AnswerCode } from '../answers/kinds.ts';
import type { LeakVerdict } from '../checks/verdict.ts';
import type { Exchange } from '../exchange.ts';
import type { Ban } from '../limits/limits.ts';
import type { Attempt, Judgement } from '../login/attempt.ts';
import type { RuleMatch } from '../phases/rules/rules.ts';
import type { DecisionEnd } from '../record/decision.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Outcome } from '../upstream/forwarding.ts';
import { AccessCounts } from './access-counts.ts';
import type { NameUser } from './user-names.ts';

/** Seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const MINUTE = 60_000;
/** No application can have this name. */
const NO_APP = '-';

export interface ObserveOptions {
  readonly nameUser?: NameUser | undefined;
  /** Whether events of logins have the address of the client. */
  readonly logAddresses?: () => boolean;
  readonly recorder?: Recorder;
}

/** Something acted on a request that these answer, whether or not its rules were asked. */
const RECORDED: { readonly [Code in AnswerCode]?: 'unasked' | 'late' } = {
  ACCESS_DENIED: 'unasked',
  LOGIN_LIMITED: 'unasked',
  USER_LIMITED: 'unasked',
  LOGIN_UNREADABLE: 'unasked',
  LOGIN_TOO_LARGE: 'unasked',
  LOGIN_CODING_UNKNOWN: 'unasked',
  SESSION_UNCHECKED: 'late',
};

interface LoginFacts extends Judgement {
  /** Of no failure. */
  readonly verdict?: LeakVerdict;
  /** Whether people are to hear of a finding. */
  readonly isForPeople?: boolean;
}

const SPENT_HINT =
  'Somebody guesses. Name sessionCookies of the application, so that its logins prove themselves, limit failures with loginLimits, or raise unknownChecks.';
const KEPT_BACK_HINT =
  'Sessions go on with the cookie that they have. If users of this application lose theirs, name the requests that renew it in mayBeginSession.';
const HINTS: { readonly [failure: string]: string } = {
  UPSTREAM_TIMEOUT: 'Look at what keeps the application busy, or raise its upstream.responseTimeoutMs.',
  UPSTREAM_CUT: 'The application ended a response too early: look into its log for this time.',
};
const hintOf = (failure: string) => (HINTS[failure] === undefined ? {} : { hint: HINTS[failure] });

export class Observe {
  readonly #onEvent: OnEvent;
  readonly #options: ObserveOptions;
  /** By application, login, outcome and verdict. */
  readonly #logins = new Map<string, number>();
  readonly #keptBack = new Set<string>();
  /** Checks without an answer, by reason. */
  readonly #unchecked = new Map<string, number>();
  readonly #requests = new RequestCounts({
    label: 'app',
    total: { name: 'credveil_gateway_requests_total', help: 'Requests by application and class of status.' },
    duration: {
      name: 'credveil_gateway_request_duration_seconds',
      help: 'Time from the end of the head to the end of the response.',
    },
    bounds: BOUNDS,
  });
  readonly access = new AccessCounts();
  readonly #refusals = new Map<string, number>();
  /** Since the last line about them, and when the next one may come. */
  #unknownNames = 0;
  #unknownNamesAfter = 0;
  readonly #failures = new Map<string, number>();
  /** Requests that a limit refused, by limit. */
  readonly #limited = new Map<string, number>();
  /** By rule and action. */
  readonly #matches = new Map<string, number>();

  constructor(onEvent: OnEvent, options: ObserveOptions = {}) {
    this.#onEvent = onEvent;
    this.#options = options;
  }

  /**
   * The gateway answered by itself.
   * @param ban the limit that refused it
   */
  answered(exchange: Exchange, code: AnswerCode | 'REDIRECTED', ban?: Pick<Ban, 'limit' | 'id'>): void {
    if (code === 'REDIRECTED') {
      this.#count(exchange, { refused: code });
      return;
    }
    const recorded = RECORDED[code];
    if (recorded) this.#options.recorder?.begin(exchange, recorded);
    const policy = exchange.access?.verdict === 'denied' ? exchange.access.policy : undefined;
    const facts = { ...(policy !== undefined && { policy }), ...(ban && this.#limitedBy(exchange, ban)) };
    this.#count(exchange, {
      refused: code,
      ...(policy !== undefined && { policy }),
      ...(ban && { limit: ban.limit, ...(ban.id !== undefined && { ban: ban.id }) }),
    });
    this.malformed(code);
    const { application, id } = exchange;
    const app = application && { app: application.name };
    this.#onEvent({ event: 'request-refused', code, ...app, ...facts, request: id });
  }

  /** Whom a limit hit, as events of logins name users. */
  #limitedBy(
    { application, attempt, decision }: Exchange,
    { limit }: Pick<Ban, 'limit'>,
  ): { readonly limit: string; readonly login?: string; readonly user?: string } {
    this.#limited.set(limit, (this.#limited.get(limit) ?? 0) + 1);
    if (!attempt) return { limit };
    const user = this.#options.nameUser?.(application?.name ?? NO_APP, attempt.typed);
    const known = user !== undefined && { user };
    if (decision) decision.login = { name: attempt.login.name, ...known };
    return { limit, login: attempt.login.name, ...known };
  }

  /** A rule applied, or its condition depends on what is unknown. */
  matched({ application, id, decision }: Exchange, { name, action, isUnknown }: RuleMatch): void {
    decision?.matches.push({ rule: name, action: action.kind, isUnknown });
    const outcome = isUnknown ? 'unknown' : action.kind;
    const key = `${name}\n${outcome}`;
    this.#matches.set(key, (this.#matches.get(key) ?? 0) + 1);
    const app = application?.name ?? NO_APP;
    this.#onEvent({
      event: isUnknown ? 'rule-unknown' : 'rule-matched',
      app,
      rule: name,
      action: action.kind,
      request: id,
    });
  }

  /** Servers may read a login in different ways. @param why names no value */
  unreadable({ application, id }: Exchange, login: string, why: string, isPassed: boolean): void {
    const event = isPassed ? 'login-passed-unread' : 'login-unreadable';
    this.#onEvent({ event, app: application?.name ?? NO_APP, login, why, request: id });
  }

  /** A rule ended the request; `matched` has reported it. */
  blocked(exchange: Exchange): void {
    const { decision, response } = exchange;
    this.#count(exchange, { blockedBy: decision?.matches.at(-1)?.rule ?? NO_APP, status: response.statusCode });
    this.malformed('BLOCKED');
  }

  /** Bytes that never became a request. */
  malformed(code: AnswerCode): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  /**
   * A connection under TLS was ended, since its name is of no host, or it has none. Scanners open
   * many: the log has one line a minute for all of them.
   */
  unknownName(now = performance.now()): void {
    const code = 'TLS_NAME_UNKNOWN';
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
    this.#unknownNames++;
    if (now < this.#unknownNamesAfter) return;
    const hint = 'If clients miss a host, add it to apps with tls. Names of other hosts are those of scanners.';
    this.#onEvent({ event: 'connections-refused', code, connections: this.#unknownNames, hint });
    this.#unknownNames = 0;
    this.#unknownNamesAfter = now + MINUTE;
  }

  /** The gateway answered as it was asked: to a proxy, that the request may go on. */
  allowed(exchange: Exchange): void {
    this.#count(exchange, { forwarded: exchange.response.statusCode });
  }

  forwarded(exchange: Exchange, outcome: Outcome): void {
    const { response } = exchange;
    const status = response.headersSent ? response.statusCode : 0;
    this.#count(exchange, 'failure' in outcome ? { refused: outcome.failure } : { forwarded: status });
    if (!('failure' in outcome)) return;
    const { failure } = outcome;
    const fault = 'fault' in outcome ? outcome.fault : { code: failure, ...hintOf(failure) };
    this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
    // Clients leave all the time.
    if (failure === 'CLIENT_GONE') return;
    const app = exchange.application?.name ?? NO_APP;
    this.#onEvent({ event: 'upstream-failed', ...fault, app, request: exchange.id });
  }

  /** For the record, which is written before a check that goes on beside the answer has ended. */
  judged(exchange: Exchange, { login, typed }: Attempt, { outcome, verdict }: Omit<LoginFacts, 'isProven'>): void {
    if (!exchange.decision) return;
    const user = this.#options.nameUser?.(exchange.application?.name ?? NO_APP, typed);
    exchange.decision.login = {
      name: login.name,
      outcome,
      ...(user !== undefined && { user }),
      ...(outcome === 'success' && verdict && { verdict: verdict.status }),
    };
  }

  /** An application has no checks left in this minute: others than their users take them. */
  checksSpent({ application }: Exchange): void {
    this.#onEvent({ event: 'checks-spent', app: application?.name ?? NO_APP, hint: SPENT_HINT });
  }

  /** A cookie of a session stayed with the gateway: told once of each application. */
  keptBack({ application }: Exchange): void {
    const app = application?.name ?? NO_APP;
    if (this.#keptBack.has(app)) return;
    this.#keptBack.add(app);
    this.#onEvent({ event: 'session-kept-back', app, hint: KEPT_BACK_HINT });
  }

  /** What became of a login. The verdict on a wrong password is nobody's to keep. */
  login(exchange: Exchange, attempt: Attempt, facts: LoginFacts): void {
    this.judged(exchange, attempt, facts);
    const { outcome, isProven, verdict, isForPeople = false } = facts;
    const { login, typed } = attempt;
    const { application, client, id: request } = exchange;
    const app = application?.name ?? NO_APP;
    const user = this.#options.nameUser?.(app, typed);
    const key = [app, login.name, outcome, verdict?.status ?? ''].join('\n');
    this.#logins.set(key, (this.#logins.get(key) ?? 0) + 1);
    if (verdict?.reason) this.#unchecked.set(verdict.reason, (this.#unchecked.get(verdict.reason) ?? 0) + 1);
    const shared = { app, login: login.name, request };
    this.#onEvent({
      event: 'login',
      ...shared,
      outcome,
      ...(outcome !== 'unknown' && { certainty: isProven ? 'proven' : 'assumed' }),
      ...(user !== undefined && { user }),
      ...(verdict && { verdict: verdict.status }),
      ...(verdict?.reason && { reason: verdict.reason }),
      ...(this.#options.logAddresses?.() && client && { address: formatAddress(client) }),
    });
    const finding = verdict?.status;
    if (isForPeople && finding && finding !== 'clean' && finding !== 'unknown')
      this.#onEvent({ event: 'login-leaked', ...shared, user: user ?? 'u_', finding });
  }

  /** A fault of the gateway itself. */
  failed(_: Exchange, error: unknown): void {
    this.#onEvent({ event: 'request-failed', ...nameError(error) });
  }

  collect(): Metric[] {
    const byCode = (counts: ReadonlyMap<string, number>) =>
      [...counts].map(([code, value]) => ({ value, labels: { code } }));
    const matches = [...this.#matches].map(([key, value]) => {
      const [rule = '', action = ''] = key.split('\n');
      return { value, labels: { rule, action } };
    });
    return [
      ...this.#requests.collect(),
      this.access.collect(),
      counter('credveil_gateway_rule_matches_total', 'Requests that a rule applied to, by rule and action.', matches),
      counter(
        'credveil_gateway_logins_total',
        'Logins by outcome, and by the verdict on right passwords.',
        [...this.#logins].map(([key, value]) => {
          const [app = '', login = '', outcome = '', verdict = ''] = key.split('\n');
          return { value, labels: { app, login, outcome, verdict } };
        }),
      ),
      counter(
        'credveil_gateway_limited_total',
        'Requests that a limit on logins refused, by limit.',
        [...this.#limited].map(([limit, value]) => ({ value, labels: { limit } })),
      ),
      counter(
        'credveil_gateway_unknown_checks_total',
        'Checks of logins that had no answer, by reason.',
        [...this.#unchecked].map(([reason, value]) => ({ value, labels: { reason } })),
      ),
      counter('credveil_gateway_refusals_total', 'Requests that the gateway refused, by code.', byCode(this.#refusals)),
      counter(
        'credveil_gateway_failures_total',
        'Requests that did not end as they should, by code.',
        byCode(this.#failures),
      ),
    ];
  }

  #count(exchange: Exchange, end: DecisionEnd): void {
    const { application, response, startedAt } = exchange;
    const seconds = (performance.now() - startedAt) / 1_000;
    this.#requests.observe(application?.name ?? NO_APP, response.headersSent ? response.statusCode : 0, seconds);
    if (exchange.decision) this.#options.recorder?.end(exchange, end);
  }
}
