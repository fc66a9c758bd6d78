// The quota meter: a worker's leases of its clients' quotas. It counts locally while they last, and
// otherwise asks the ledger. PROTOCOL.md §18.

import type { ClientId } from '../../protocol/brands.ts';
import { headerBlock } from '../../runtime/http/headers.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import type { Client } from '../client-list.ts';
import type { LeaseAnswer, LeaseRequest, RecallRequest, ReturnedLease, ReturnedLeases } from './ledger.ts';
import { QUOTA_POLICIES, QUOTA_POLICY_NAMES, type QuotaPolicy, type QuotaUnit, windowOf } from './policy.ts';
import { formatPolicies, formatStandings, type QuotaStanding, secondsLeft } from './rate-limit-fields.ts';

/** The cost of a request. */
export interface Cost {
  readonly requests: number;
  readonly evaluations: number;
  /** Of the response's body. */
  readonly bytes?: number;
}

/** The result of charging a request: its whole cost, or nothing. */
export interface Taken {
  /** The policies that refuse the request; empty if it was charged. */
  readonly violated: readonly QuotaPolicy[];
  /** Seconds until all of them have a new window. */
  readonly retryAfter: number;
  /** Header names and values in turn. */
  readonly headers: readonly string[];
}

export type AskLease = (request: LeaseRequest) => Promise<LeaseAnswer>;

/** A lease of one policy. */
interface Lease extends QuotaStanding {
  limit: number;
  window: number;
  left: number;
  remaining: number;
  /**
   * The maximum that remains in this window overall: known once the ledger has recalled all leases.
   */
  bound: number;
}

interface Account {
  client: Client;
  leases: Lease[];
  policyField: string;
  /** Requests that wait for a lease are served in their order, and new ones behind them. */
  waiting: number;
  turn: Promise<unknown>;
  /** Grants that have arrived: a recall (§18) waits for those still in flight. */
  arrived: number;
  arrival: () => void;
}

/** Owns the leases of one worker. */
export class QuotaMeter {
  readonly #ask: AskLease;
  readonly #now: () => number;
  readonly #accounts = new Map<ClientId, Account>();

  constructor(ask: AskLease, now: () => number = Date.now) {
    this.#ask = ask;
    this.#now = now;
  }

  /**
   * Undefined for a client without quotas. A promise only if the ledger has to be asked.
   * @throws ProblemError `QUOTA_UNKNOWN` if the ledger does not answer
   */
  take(client: Client, cost: Cost): Taken | undefined | Promise<Taken> {
    const account = this.#account(client);
    if (account.leases.length === 0) return undefined;
    if (account.waiting === 0) {
      const taken = this.#takeHeld(account, cost);
      if (taken) return taken;
    }
    account.waiting++;
    const turn = account.turn.then(async () => this.#takeHeld(account, cost) ?? this.#takeAsking(account, cost));
    account.turn = turn.then(
      () => account.waiting--,
      () => account.waiting--,
    );
    return turn;
  }

  /** Returns the rest of a client's leases. */
  async recall({ client, grants }: RecallRequest): Promise<ReturnedLease[]> {
    const account = this.#accounts.get(client);
    if (!account) return [];
    while (account.arrived < grants)
      await new Promise<void>((resolve) => {
        const others = account.arrival;
        account.arrival = () => {
          others();
          resolve();
        };
      });
    return giveBack(account);
  }

  /** Returns all leases when the worker stops. */
  returnAll(): ReturnedLeases[] {
    return [...this.#accounts]
      .map(([client, account]) => ({ client, leases: giveBack(account) }))
      .filter(({ leases }) => leases.length > 0);
  }

  #account(client: Client): Account {
    const known = this.#accounts.get(client.id);
    // The client list was reloaded: leases stay, but limits may have changed. Not while an answer
    // is due.
    if (known && (known.client === client || known.waiting > 0)) return known;
    const leases = QUOTA_POLICY_NAMES.flatMap((policy): Lease[] => {
      const limit = client.quotas[policy];
      if (limit === undefined) return [];
      const held = known?.leases.find((lease) => lease.policy === policy);
      if (held?.limit === limit) return [held];
      const { window = -1, left = 0 } = held ?? {};
      return [{ policy, limit, window, left, remaining: left, bound: Number.POSITIVE_INFINITY }];
    });
    const policyField = formatPolicies(leases);
    if (known) return Object.assign(known, { client, leases, policyField });
    const idle = { waiting: 0, turn: Promise.resolve(), arrived: 0, arrival: () => undefined };
    const account: Account = { client, leases, policyField, ...idle };
    this.#accounts.set(client.id, account);
    return account;
  }

  /** Undefined if the ledger has to be asked. */
  #takeHeld(account: Account, cost: Cost): Taken | undefined {
    const nowMs = this.#now();
    let missing = false;
    for (const lease of account.leases) {
      roll(lease, nowMs);
      const want = wantOf(lease, cost);
      if (want > lease.bound) return this.#refused(account, cost, nowMs);
      missing ||= want > lease.left;
    }
    if (missing) return undefined;
    return this.#use(account, cost, nowMs);
  }

  #use(account: Account, cost: Cost, nowMs: number): Taken {
    for (const lease of account.leases) {
      const want = wantOf(lease, cost);
      lease.left -= want;
      lease.remaining -= want;
      lease.bound -= want;
    }
    return { violated: [], retryAfter: 0, headers: this.#headers(account, cost, nowMs) };
  }

  async #takeAsking(account: Account, cost: Cost): Promise<Taken> {
    const wanted = account.leases.filter((lease) => wantOf(lease, cost) > 0);
    const needs = wanted.map(({ policy, limit, window, left, ...lease }) => {
      return { policy, limit, window, returned: left, want: wantOf({ policy, ...lease }, cost) };
    });
    for (const lease of wanted) lease.left = 0;
    let answer: LeaseAnswer;
    try {
      answer = await this.#ask({ client: account.client.id, needs });
    } catch {
      // A late answer is lost and its grant counts as used: no recall waits for it.
      arrive(account, Number.POSITIVE_INFINITY);
      throw new ProblemError('QUOTA_UNKNOWN', QUOTA_UNKNOWN);
    }
    const nowMs = this.#now();
    for (const [i, { window, granted, free }] of answer.states.entries()) {
      const lease = wanted[i] as Lease;
      if (lease.window !== window) lease.bound = Number.POSITIVE_INFINITY;
      lease.window = window;
      lease.left = granted;
      lease.remaining = granted + free;
      if (answer.settled && !answer.granted) lease.bound = free;
    }
    const taken = answer.granted ? this.#use(account, cost, nowMs) : this.#refused(account, cost, nowMs);
    arrive(account, answer.grants);
    return taken;
  }

  #refused(account: Account, cost: Cost, nowMs: number): Taken {
    const violated = account.leases.filter((lease) => wantOf(lease, cost) > Math.min(lease.bound, lease.remaining));
    return {
      violated: violated.map(({ policy }) => policy),
      retryAfter: Math.max(1, ...violated.map((lease) => secondsLeft(lease, nowMs))),
      headers: this.#headers(account, cost, nowMs),
    };
  }

  #headers({ leases, policyField }: Account, cost: Cost, nowMs: number): string[] {
    const asked = cost.evaluations > 0 ? leases : leases.filter(({ policy }) => unitOf(policy) !== 'evaluations');
    return ['RateLimit-Policy', policyField, 'RateLimit', formatStandings(asked, nowMs)];
  }
}

const QUOTA_UNKNOWN = { headers: headerBlock({ 'Retry-After': '1' }) };

const unitOf = (policy: QuotaPolicy): QuotaUnit => QUOTA_POLICIES[policy].unit;

const wantOf = ({ policy }: Pick<Lease, 'policy'>, cost: Cost): number => cost[QUOTA_POLICIES[policy].unit] ?? 0;

/** A lease ends with its window. A clock moved back past the start of the window stays in it. */
function roll(lease: Lease, nowMs: number): void {
  const window = windowOf(lease.policy, nowMs);
  if (window === lease.window || window === lease.window - 1) return;
  lease.window = window;
  lease.left = 0;
  lease.remaining = lease.limit;
  lease.bound = Number.POSITIVE_INFINITY;
}

function arrive(account: Account, grants: number): void {
  const { arrival } = account;
  account.arrived = grants;
  account.arrival = () => undefined;
  arrival();
}

function giveBack({ leases }: Account): ReturnedLease[] {
  const held = leases.filter(({ left }) => left > 0);
  const returned = held.map(({ policy, window, left }) => ({ policy, window, returned: left }));
  for (const lease of held) lease.left = 0;
  return returned;
}
