// How many logins are checked whose outcome is not proven: guesses are among them, and strangers
// would use up the quota of the service with these.

const MINUTE_MS = 60_000;
/** Of what an application has, one party may take a fifth. */
const PARTIES = 5;

interface Minute {
  readonly endsAt: number;
  readonly parties: Map<string, number>;
  taken: number;
  isReported: boolean;
}

export interface BudgetQuestion {
  readonly application: string;
  /** An address, or a network of IPv6. */
  readonly party: string;
  /** A minute, of all processes. */
  readonly perMinute: number;
}

export type BudgetAnswer =
  | {
      readonly isTaken: true;
      /** Called at most once: the login needed none. */
      readonly giveBack: () => void;
    }
  | {
      readonly isTaken: false;
      /** Whose checks are spent. */
      readonly spent: 'party' | 'application';
      readonly retryAfterMs: number;
      /** Nobody was told yet that the application has none left in this minute. */
      readonly isNew: boolean;
    };

export class CheckBudget {
  readonly #share: number;
  readonly #now: () => number;
  readonly #minutes = new Map<string, Minute>();

  /** @param share of this process in all */
  constructor(share: number, now = () => performance.now()) {
    this.#share = share;
    this.#now = now;
  }

  /** Takes a check if there is one left. */
  take({ application, party, perMinute }: BudgetQuestion): BudgetAnswer {
    const now = this.#now();
    let minute = this.#minutes.get(application);
    if (!minute || minute.endsAt <= now) {
      minute = { endsAt: now + MINUTE_MS, parties: new Map(), taken: 0, isReported: false };
      this.#minutes.set(application, minute);
    }
    const most = Math.ceil(perMinute * this.#share);
    const ofParty = minute.parties.get(party) ?? 0;
    const spent = ofParty >= Math.ceil(most / PARTIES) ? 'party' : minute.taken >= most ? 'application' : undefined;
    if (spent !== undefined) {
      const isNew = spent === 'application' && !minute.isReported;
      if (isNew) minute.isReported = true;
      return { isTaken: false, spent, retryAfterMs: minute.endsAt - now, isNew };
    }
    const change = (by: 1 | -1): void => {
      minute.taken += by;
      minute.parties.set(party, (minute.parties.get(party) ?? 0) + by);
    };
    change(1);
    return { isTaken: true, giveBack: () => change(-1) };
  }
}
