// Who may ask a provider now. It answers few questions at once, and anybody can make the gateway
// ask one, with a code that is none: parties take turns, so that nobody waits for all of another's.

export interface TurnsOptions {
  /** At once. */
  readonly maxRunning: number;
  readonly maxWaiting: number;
  readonly maxWaitingOfParty: number;
}

interface Job {
  readonly start: () => void;
  readonly isWanted: () => boolean;
}

const DEFAULTS: TurnsOptions = { maxRunning: 32, maxWaiting: 4_096, maxWaitingOfParty: 512 };

export class Turns {
  readonly #options: TurnsOptions;
  /** Of each party, in the order of their turns. */
  readonly #waiting = new Map<string, Job[]>();
  #size = 0;
  #running = 0;

  constructor(options: TurnsOptions = DEFAULTS) {
    this.#options = options;
  }

  /**
   * @param isWanted whether somebody still waits, once it is their turn
   * @returns whether it is theirs: `end` has to be called then. False if too many wait, or if
   * nobody does any more
   */
  begin(party: string, isWanted: () => boolean): Promise<boolean> {
    const { maxRunning, maxWaiting, maxWaitingOfParty } = this.#options;
    if (this.#running < maxRunning) {
      this.#running++;
      return Promise.resolve(true);
    }
    const own = this.#waiting.get(party) ?? [];
    if (this.#size >= maxWaiting || own.length >= maxWaitingOfParty) return Promise.resolve(false);
    this.#size++;
    return new Promise((resolve) => {
      own.push({ start: () => resolve(true), isWanted: () => isWanted() || (resolve(false), false) });
      this.#waiting.set(party, own);
    });
  }

  end(): void {
    this.#running--;
    for (let job = this.#take(); job; job = this.#take()) {
      if (!job.isWanted()) continue;
      this.#running++;
      job.start();
      return;
    }
  }

  #take(): Job | undefined {
    const [next] = this.#waiting;
    if (!next) return undefined;
    const [party, jobs] = next;
    const job = jobs.shift();
    this.#size--;
    this.#waiting.delete(party);
    if (jobs.length > 0) this.#waiting.set(party, jobs);
    return job;
  }
}
