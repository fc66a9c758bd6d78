// A lane of the evaluation queue: clients take turns, and so do the requests of each.
//
// The lane is bounded. A client that waits alone may fill it. When it is full, a client that has
// less in it takes room from the one that has most, whose newest requests are refused: each gets an
// equal share of the time and of the room, however many connections the others open.

/** Work is counted in group operations. */
export interface Job {
  /** Who asked: jobs of one owner share a turn and a share of the room. */
  readonly owner: string;
  readonly work: number;
  readonly sliceWork: number;
  /** Does a slice. False where the job has ended. */
  run(): boolean;
  /** Called instead of `run` if the room goes to another owner. */
  refuse(): void;
}

/** The jobs of one owner. */
interface Share {
  readonly jobs: Job[];
  work: number;
}

export class Lane {
  readonly #maxWork: number;
  /** In the order of their turns; none is empty. */
  readonly #shares = new Map<string, Share>();
  /** Jobs that have had a slice, which would be lost with them. */
  readonly #begun = new WeakSet<Job>();
  #work = 0;

  constructor(maxWork: number) {
    this.#maxWork = maxWork;
  }

  /** The job whose turn it is. */
  get first(): Job | undefined {
    for (const { jobs } of this.#shares.values()) return jobs[0];
    return undefined;
  }

  hasRoom(owner: string, work: number): boolean {
    return this.#inTheWay(owner, work) !== undefined;
  }

  /** @returns false if there is no room */
  add(job: Job): boolean {
    const { owner, work } = job;
    const inTheWay = this.#inTheWay(owner, work);
    if (!inTheWay) return false;
    for (const other of inTheWay) {
      this.#remove(other);
      other.refuse();
    }
    const share = this.#shares.get(owner) ?? { jobs: [], work: 0 };
    share.jobs.push(job);
    share.work += work;
    this.#shares.set(owner, share);
    this.#work += work;
    return true;
  }

  /** Runs a slice of the first job. The next turn is that of another owner. */
  runFirst(): void {
    const job = this.first;
    if (!job) return;
    const share = this.#shares.get(job.owner) as Share;
    this.#shares.delete(job.owner);
    this.#shares.set(job.owner, share);
    if (job.run()) {
      this.#begun.add(job);
      share.jobs.push(share.jobs.shift() as Job);
    } else this.#remove(job);
  }

  /** The jobs of others that must give way to work of this owner. Undefined if it gets no room. */
  #inTheWay(owner: string, work: number): readonly Job[] | undefined {
    if (work > this.#maxWork) return undefined;
    let missing = this.#work + work - this.#maxWork;
    if (missing <= 0) return [];
    const own = (this.#shares.get(owner)?.work ?? 0) + work;
    const others = [...this.#shares]
      .filter(([name]) => name !== owner)
      .map(([, share]) => ({ left: share.work, jobs: share.jobs.filter((job) => !this.#begun.has(job)) }));
    const found: Job[] = [];
    while (missing > 0) {
      const most = others.reduce((a, b) => (b.jobs.length > 0 && b.left > a.left ? b : a), {
        left: own,
        jobs: [] as Job[],
      });
      const newest = most.jobs.pop();
      if (!newest) return undefined;
      found.push(newest);
      most.left -= newest.work;
      missing -= newest.work;
    }
    return found;
  }

  #remove(job: Job): void {
    const share = this.#shares.get(job.owner) as Share;
    share.jobs.splice(share.jobs.indexOf(job), 1);
    share.work -= job.work;
    this.#work -= job.work;
    if (share.jobs.length === 0) this.#shares.delete(job.owner);
  }
}
