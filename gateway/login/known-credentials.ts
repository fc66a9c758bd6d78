// Credentials that were just checked, and taken by their application: programs send theirs with
// each request, which is then not checked again, and no event.
//
// An application may take any password where it asks for none, and refuse the same one elsewhere.
// So what it took without proof is still an attempt, and takes a slot; and one password of a user
// is known, and few users of an address. A known password that is refused is forgotten, and counts.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { ExposedCredentialCheck } from '../../client-sdk/index.ts';
import { partyOf } from '../addresses/party.ts';
import type { Checks } from '../checks/checks.ts';
import type { Exchange } from '../exchange.ts';
import { type Attempt, isOfBrowser, type Login } from './attempt.ts';
import { CheckedCredentials } from './head/checked-credentials.ts';

const KEY_BYTES = 32;
const TTL_MS = 10 * 60_000;
const MAX_KNOWN = 10_000;
const MAX_OF_PARTY = 16;

export interface KnownCredential {
  /** For the application, with each further request. */
  readonly header: ExposedCredentialCheck | undefined;
  /** The application has compared it. */
  readonly isProven: boolean;
}

interface Entry extends KnownCredential {
  readonly logins: readonly Login[];
  readonly passwords: string;
  readonly party: string;
  readonly checks: Checks | undefined;
  readonly snapshot: string | undefined;
  readonly until: number;
}

type Way = Pick<Exchange, 'application' | 'client'>;

/** Of one process, under a key that it never tells. */
export class KnownCredentials {
  /** Those in headers that no login of the configuration reads. */
  readonly spares = new CheckedCredentials();
  readonly #key = createSecretKey(randomBytes(KEY_BYTES));
  readonly #now: () => number;
  /** By user; the one used last is the last. */
  readonly #entries = new Map<string, Entry>();
  /** Users of each address, the oldest first. */
  readonly #parties = new Map<string, Set<string>>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param checks the checker in force: another one, or another snapshot, may find more */
  find(way: Way, attempt: Attempt, checks: Checks | undefined): KnownCredential | undefined {
    if (!isOfProgram(attempt)) return undefined;
    const user = this.#userOf(way, attempt);
    const entry = this.#entries.get(user);
    if (!entry) return undefined;
    if (entry.until <= this.#now() || !isOf(entry, attempt, checks)) {
      this.#drop(user);
      return undefined;
    }
    if (entry.party !== partyOf(way.client) || entry.passwords !== this.#hash(attempt.passwords)) return undefined;
    this.#entries.delete(user);
    this.#entries.set(user, entry);
    return entry;
  }

  remember(way: Way, attempt: Attempt, checks: Checks | undefined, taken: KnownCredential): void {
    if (!isOfProgram(attempt)) return;
    const user = this.#userOf(way, attempt);
    const party = partyOf(way.client);
    this.#drop(user);
    const users = this.#parties.get(party) ?? new Set();
    const [oldest] = users.size >= MAX_OF_PARTY ? users : this.#entries.size >= MAX_KNOWN ? this.#entries.keys() : [];
    if (oldest !== undefined) this.#drop(oldest);
    this.#parties.set(party, users.add(user));
    this.#entries.set(user, {
      ...taken,
      logins: attempt.logins,
      party,
      checks,
      snapshot: checks?.snapshot(),
      passwords: this.#hash(attempt.passwords),
      until: this.#now() + TTL_MS,
    });
  }

  forget(way: Way, attempt: Attempt): void {
    this.#drop(this.#userOf(way, attempt));
  }

  #drop(user: string): void {
    const entry = this.#entries.get(user);
    if (!entry) return;
    this.#entries.delete(user);
    const users = this.#parties.get(entry.party);
    users?.delete(user);
    if (users?.size === 0) this.#parties.delete(entry.party);
  }

  #userOf({ application }: Way, { logins, usernames, others }: Attempt): string {
    return this.#hash([application?.name, logins.map(({ name }) => name), usernames, others]);
  }

  #hash(value: unknown): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(value)).digest('base64url');
  }
}

/** Each login with a form gives the browser a handle. */
const isOfProgram = ({ logins }: Attempt): boolean => !logins.some(isOfBrowser);

/** A reload compiles every login anew. */
const isOf = (entry: Entry, { logins }: Attempt, checks: Checks | undefined): boolean =>
  entry.checks === checks &&
  entry.snapshot === checks?.snapshot() &&
  logins.every((login, i) => login === entry.logins[i]);
