// The quota ledger: the grants of every client and window, in the one process that all workers ask.
// PROTOCOL.md §18.
//
// Workers do not ask for each request. They hold leases: counts granted in advance and used without
// asking. A lease is an eighth of the remaining quota, so leases shrink towards the end. Before the
// ledger refuses a request for lack of quota, it recalls the leases of the other workers.
// So a client gets exactly its quota, however its connections are spread. The leases of a worker
// that dies count as used.

import type { ClientId } from '../../protocol/brands.ts';
import type { QuotaBook } from './book.ts';
import { DAY_MS, QUOTA_POLICIES, QUOTA_POLICY_NAMES, type QuotaPolicy, type QuotaUnit, windowOf } from './policy.ts';

/** One policy in a question. */
export interface QuotaNeed {
  readonly policy: QuotaPolicy;
  readonly limit: number;
  readonly want: number;
  /** The rest of the worker's lease in `window`, which it returns with the question. */
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
  /** At least the wanted count; 0 if any policy refused. */
  readonly granted: number;
  /** The count that no worker holds after this answer. */
  readonly free: number;
}

export interface LeaseAnswer {
  readonly granted: boolean;
  /** Counts the answers with a grant sent to this worker for this client. */
  readonly grants: number;
  /** In the order of the needs. */
  readonly states: readonly LeaseState[];
  /**
   * True if all leases of others were recalled: then only `free` remains in this window.
   */
  readonly settled: boolean;
}

export interface RecallRequest {
  readonly client: ClientId;
  /**
   * Grants sent to this worker. It answers once they have arrived, so that none is missed.
   */
  readonly grants: number;
}

export interface ReturnedLease {
  readonly policy: QuotaPolicy;
  readonly window: number;
  readonly returned: number;
}

/** The recalled or returned leases of one client. */
export interface ReturnedLeases {
  readonly client: ClientId;
  readonly leases: readonly ReturnedLease[];
}

/** A worker, as the ledger sees it. */
export interface LeaseHolder {
  /**
   * Takes back the rest of its leases; none if its process has exited. Undefined if it does not
   * answer in time.
   */
  recall(request: RecallRequest): Promise<readonly ReturnedLease[] | undefined>;
}

/** A lease is this part of the remaining quota. */
const LEASE_SHARE = 8;
/** Maximum of a lease: the loss when a worker dies. */
const MAX_LEASE: { readonly [unit in QuotaUnit]: number } = { requests: 4_096, evaluations: 4_096, bytes: 2 ** 26 };
/**
 * A day's count is written ahead in steps of this part of its limit, which bounds the disk writes
 * per day.
 */
const WRITE_SHARE = 64;

interface Count {
  window: number;
  /** Granted and not returned. */
  used: number;
  /** The count in the book: at least `used`. */
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
    // Immediately, not in turn: the current question may be waiting for this grant.
    this.#takeBack(client, account, needs);
    const turn = account.turn.then(() => this.#answer(holder, client, account, needs));
    account.turn = turn.catch(() => undefined);
    return turn;
  }

  /** Takes back the leases of a stopping worker. */
  giveBack({ client, leases }: ReturnedLeases): void {
    this.#takeBack(client, this.#account(client), leases);
  }

  /** Called once a worker's process has exited. Its leases count as used. */
  forget(holder: LeaseHolder): void {
    for (const { grants, holders } of this.#accounts.values()) {
      grants.delete(holder);
      holders.delete(holder);
    }
  }

  /** Corrects the book to the used counts. Leases not returned count as used. */
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
    // A clock moved back past the start of the window stays in it: going back would grant the
    // previous window again.
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
      const amount = granted
        ? Math.max(need.want, Math.min(MAX_LEASE[QUOTA_POLICIES[need.policy].unit], Math.floor(left / LEASE_SHARE)))
        : 0;
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
        // Too slow: its leases count as used until it answers a later recall.
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
