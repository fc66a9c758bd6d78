// How many logins with an unknown outcome are checked: wrong guesses are among them, and strangers
// would use up the quota of the service with these.

const MINUTE_MS = 60_000;

interface Minute {
  readonly endsAt: number;
  readonly parties: Map<string, number>;
  taken: number;
}

export interface BudgetQuestion {
  readonly application: string;
  /** An address, or a network of IPv6: it may take half of what the application has. */
  readonly party: string;
  /** A minute, of all processes. */
  readonly perMinute: number;
}

export class CheckBudget {
  readonly #share: number;
  readonly #now: () => number;
  readonly #minutes = new Map<string, Minute>();

  /** @param share of this process in all */
  constructor(share: number, now = () => performance.now()) {
    this.#share = share;
    this.#now = now;
  }

  /** @returns whether there is a check left, which then is taken */
  take({ application, party, perMinute }: BudgetQuestion): boolean {
    const now = this.#now();
    let minute = this.#minutes.get(application);
    if (!minute || minute.endsAt <= now) {
      minute = { endsAt: now + MINUTE_MS, parties: new Map(), taken: 0 };
      this.#minutes.set(application, minute);
    }
    const most = Math.ceil(perMinute * this.#share);
    const ofParty = minute.parties.get(party) ?? 0;
    if (minute.taken >= most || ofParty >= Math.ceil(most / 2)) return false;
    minute.taken++;
    minute.parties.set(party, ofParty + 1);
    return true;
  }
}
