// Names and passwords in headers that were just checked without a finding. Browsers send the same
// ones with each request, in front of a whole site, and everybody there may have the same: whoever
// sends one, its check is that of before, and of many requests at once that of the first.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { CheckedCredential, Checks } from '../../checks/checks.ts';

const KEY_BYTES = 32;
const TTL_MS = 10 * 60_000;
const MAX_KNOWN = 10_000;

export interface SentCredential {
  readonly application: string;
  /** Whose place in the budget a check takes: others do not share its refusal. */
  readonly party: string;
  readonly attempt: Pick<CheckedCredential, 'usernames' | 'passwords'>;
  /** The checker in force: another one, or another snapshot, may find more. */
  readonly checks: Checks | undefined;
}

interface Entry {
  readonly checks: Checks | undefined;
  readonly snapshot: string | undefined;
  readonly until: number;
}

/** What a check came to; undefined if it has found nothing. */
type Check<Refused> = () => Promise<Refused | 'unknown' | undefined>;

/** Of one process, under a key that it never tells. */
export class CheckedCredentials {
  readonly #key = createSecretKey(randomBytes(KEY_BYTES));
  readonly #now: () => number;
  /** The one used last is the last. */
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Map<string, Promise<unknown>>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** @returns what the check came to, which is called only if none is known */
  async check<Refused>(sent: SentCredential, check: Check<Refused>): Promise<Refused | 'unknown' | undefined> {
    const { application, party, attempt, checks } = sent;
    const id = this.#hash([application, attempt.usernames, attempt.passwords]);
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry && entry.until > this.#now() && entry.checks === checks && entry.snapshot === checks?.snapshot()) {
      this.#entries.set(id, entry);
      return undefined;
    }
    const place = `${id} ${party}`;
    const before = this.#open.get(place) as ReturnType<Check<Refused>> | undefined;
    const open = before ?? check().finally(() => this.#open.delete(place));
    this.#open.set(place, open);
    const found = await open;
    if (found === undefined) this.#remember(id, checks);
    return found;
  }

  #remember(id: string, checks: Checks | undefined): void {
    const [oldest] = this.#entries.size >= MAX_KNOWN ? this.#entries.keys() : [];
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(id, { checks, snapshot: checks?.snapshot(), until: this.#now() + TTL_MS });
  }

  #hash(value: unknown): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(value)).digest('base64url');
  }
}
