// The quota ledger: who was granted what in which window, in the one process that all workers ask.
// PROTOCOL.md §18.
//
// Workers do not ask for each request. They hold leases: counts that are granted ahead and used
// without asking. A lease is an eighth of what is left, so leases shrink towards the end; when what
// is left does not do, the leases of the other workers are called back before anyone is refused. So
// a client gets all of its quota and nothing beyond it, however its connections are spread. A
// worker that dies takes its leases along: they count as used.

import type { ClientId } from '../../protocol/brands.ts';
import type { QuotaBook } from './book.ts';
import { DAY_MS, QUOTA_POLICIES, QUOTA_POLICY_NAMES, type QuotaPolicy, windowOf } from './policy.ts';

/** One policy in a question. */
export interface QuotaNeed {
  readonly policy: QuotaPolicy;
  readonly limit: number;
  readonly want: number;
  /** What the worker had left of `window`: it gives it back with the question. */
  readonly window: number;
  readonly returned: number;
}

export interface LeaseRequest {
  readonly client: ClientId;
  /** All are granted or none. */
  readonly needs: readonly QuotaNeed[];
}

export interface LeaseState {
  readonly policy: QuotaPolicy;
  readonly window: number;
  /** At least what was wanted; 0 where anything was refused. */
  readonly granted: number;
  /** The count that no worker holds after this answer. */
  readonly free: number;
}

export interface LeaseAnswer {
  readonly granted: boolean;
  /** Counts the answers with a grant that this worker was given for this client. */
  readonly grants: number;
  /** In the order of the needs. */
  readonly states: readonly LeaseState[];
  /**
   * True where all leases of others were called back: then no more than `free` can be had in this
   * window.
   */
  readonly settled: boolean;
}

export interface RecallRequest {
  readonly client: ClientId;
  /**
   * Grants that were sent to this worker: it answers when they have arrived, so that none is missed
   * on its way.
   */
  readonly grants: number;
}

export interface ReturnedLease {
  readonly policy: QuotaPolicy;
  readonly window: number;
  readonly returned: number;
}

/** Of one client. */
export interface ReturnedLeases {
  readonly client: ClientId;
  readonly leases: readonly ReturnedLease[];
}

/** A worker, as the ledger sees it. */
export interface LeaseHolder {
  /**
   * Takes back what is left of its leases: none where its process is gone. Undefined where it does
   * not answer in time.
   */
  recall(request: RecallRequest): Promise<readonly ReturnedLease[] | undefined>;
}

/** A lease is this part of the remaining quota. */
const LEASE_SHARE = 8;
/** Maximum of a lease: the loss when a worker dies. */
const MAX_LEASE = 4_096;
/**
 * A day's count is written down ahead in steps of this part of its limit: so often the disk is
 * waited for in a day.
 */
const WRITE_SHARE = 64;

interface Count {
  window: number;
  /** Granted and not given back. */
  used: number;
  /** What the book says: at least `used`. */
  written: number;
}

interface Account {
  readonly counts: Map<QuotaPolicy, Count>;
  readonly grants: Map<LeaseHolder, number>;
  /** Workers that may hold leases. */
  readonly holders: Set<LeaseHolder>;
  /** The end of the last question: questions about a client are answered one after the other. */
  turn: Promise<unknown>;
}

/** Owns the counts of all clients. */
export class QuotaLedger {
  readonly #openBook: () => QuotaBook;
  readonly #now: () => number;
  readonly #accounts = new Map<ClientId, Account>();
  #opened: QuotaBook | undefined;

  /** @param openBook called when the first daily quota is asked about, or by `open` */
  constructor(openBook: () => QuotaBook, now: () => number = Date.now) {
    this.#openBook = openBook;
    this.#now = now;
  }

  /**
   * Opens the book now, so that a server which cannot have it does not start. @throws StoreError
   */
  open(): void {
    void this.#book;
  }

  get #book(): QuotaBook {
    if (!this.#opened) {
      this.#opened = this.#openBook();
      for (const policy of QUOTA_POLICY_NAMES)
        if (isWritten(policy)) this.#opened.forget(policy, windowOf(policy, this.#now()));
    }
    return this.#opened;
  }

  lease(holder: LeaseHolder, { client, needs }: LeaseRequest): Promise<LeaseAnswer> {
    const account = this.#account(client);
    // At once, not when its turn comes: who is being answered may be waiting for just this.
    this.#takeBack(client, account, needs);
    const turn = account.turn.then(() => this.#answer(holder, client, account, needs));
    account.turn = turn.catch(() => undefined);
    return turn;
  }

  /** What a worker that stops gives back. */
  giveBack({ client, leases }: ReturnedLeases): void {
    this.#takeBack(client, this.#account(client), leases);
  }

  /** Once the process of a worker is gone. What it held counts as used. */
  forget(holder: LeaseHolder): void {
    for (const { grants, holders } of this.#accounts.values()) {
      grants.delete(holder);
      holders.delete(holder);
    }
  }

  /** Corrects the book to what was used. Leases that were not given back count as used. */
  close(): void {
    for (const [client, { counts }] of this.#accounts)
      for (const [policy, { window, used, written }] of counts)
        if (isWritten(policy) && used !== written) this.#book.write(client, policy, window, used);
    this.#accounts.clear();
    this.#opened?.close();
  }

  #account(client: ClientId): Account {
    let account = this.#accounts.get(client);
    if (!account) {
      account = { counts: new Map(), grants: new Map(), holders: new Set(), turn: Promise.resolve() };
      this.#accounts.set(client, account);
    }
    return account;
  }

  /** The count of the current window. */
  #count(client: ClientId, { counts }: Account, policy: QuotaPolicy): Count {
    const window = windowOf(policy, this.#now());
    const count = counts.get(policy);
    // A clock that is set back over the end of a window stays in it: going back would grant the
    // last one again.
    if (count && (count.window === window || count.window === window + 1)) return count;
    if (isWritten(policy)) {
      if (count && count.used !== count.written) this.#book.write(client, policy, count.window, count.used);
      if (count) this.#book.forget(policy, window);
    }
    const used = isWritten(policy) ? this.#book.read(client, policy, window) : 0;
    const fresh = { window, used, written: used };
    counts.set(policy, fresh);
    return fresh;
  }

  #takeBack(client: ClientId, account: Account, leases: readonly ReturnedLease[]): void {
    for (const { policy, window, returned } of leases) {
      const count = this.#count(client, account, policy);
      if (count.window === window) count.used = Math.max(0, count.used - returned);
    }
  }

  async #answer(
    holder: LeaseHolder,
    client: ClientId,
    account: Account,
    needs: readonly QuotaNeed[],
  ): Promise<LeaseAnswer> {
    const free = ({ policy, limit }: QuotaNeed): number =>
      Math.max(0, limit - this.#count(client, account, policy).used);
    const fits = (): boolean => needs.every((need) => free(need) >= need.want);
    const settled = !fits() && (await this.#recallOthers(holder, client, account));
    const granted = fits();
    const states = needs.map((need): LeaseState => {
      const count = this.#count(client, account, need.policy);
      const left = free(need);
      const amount = granted ? Math.max(need.want, Math.min(MAX_LEASE, Math.floor(left / LEASE_SHARE))) : 0;
      this.#use(client, need, count, amount);
      return { policy: need.policy, window: count.window, granted: amount, free: left - amount };
    });
    const grants = (account.grants.get(holder) ?? 0) + (granted ? 1 : 0);
    if (granted) {
      account.grants.set(holder, grants);
      account.holders.add(holder);
    }
    return { granted, grants, states, settled };
  }

  #use(client: ClientId, { policy, limit }: QuotaNeed, count: Count, amount: number): void {
    count.used += amount;
    if (!isWritten(policy) || count.used <= count.written) return;
    const step = Math.ceil(limit / WRITE_SHARE);
    count.written = Math.max(count.used, Math.min(limit, count.written + step));
    this.#book.write(client, policy, count.window, count.written);
  }

  /** @returns whether all of them answered */
  async #recallOthers(asking: LeaseHolder, client: ClientId, account: Account): Promise<boolean> {
    const others = [...account.holders].filter((holder) => holder !== asking);
    const answered = await Promise.all(
      others.map(async (holder) => {
        const leases = await holder.recall({ client, grants: account.grants.get(holder) ?? 0 });
        // Too slow: what it holds counts as used, until it answers another time.
        if (!leases) return false;
        account.holders.delete(holder);
        this.#takeBack(client, account, leases);
        return true;
      }),
    );
    return answered.every(Boolean);
  }
}

const isWritten = (policy: QuotaPolicy): boolean => QUOTA_POLICIES[policy].windowMs === DAY_MS;
