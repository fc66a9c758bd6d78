// Turns at the evaluator: a group operation takes a tenth of a millisecond, so requests share the
// event loop in slices.
//
// Two lanes, each a round robin. A request of few elements, which is what a check sends, takes the
// short lane. While both have work the long lane gets a quarter of the time, so that neither can
// starve the other. One slice per turn of the event loop: between two slices sockets are read,
// buckets are sent, and who went away is noticed. A proof is one slice whatever its size.

import type { BlindedElement, EvaluatedElement, Proof } from '../../protocol/brands.ts';
import { headerBlock } from '../../runtime/http/headers.ts';
import { ClientGoneError, ProblemError } from '../../runtime/http/problem.ts';
import type { Evaluator } from '../../store/dataset-key.ts';

/** Half a millisecond: by how much a slice can delay another request. */
const SLICE_ELEMENTS = 4;
/** A check asks for its pair, username and password, and four similar forms of the password. */
const SHORT_ELEMENTS = 8;
/** How much more work the short lane gets than the long one. */
const SHORT_SHARE = 3;

/** Whether the client still waits for the answer. */
export type IsWanted = () => boolean;

/** Work is counted in group operations. */
interface Job {
  readonly work: number;
  readonly sliceWork: number;
  /** Does a slice. False where the job has ended. */
  run(): boolean;
}

interface Lane {
  readonly jobs: Job[];
  work: number;
}

/**
 * The work of a proof: each element is evaluated again, then multiplied for the composites of RFC
 * 9497 §2.2.1.
 */
export const proofWork = (elements: readonly BlindedElement[]): number => 2 * elements.length;

const RETRY = headerBlock({ 'Retry-After': '1' });
export const overloaded = (): ProblemError => new ProblemError('OVERLOADED', { headers: RETRY });

/**
 * Owns the order of evaluations. Its promises reject with the evaluator's errors, with a
 * ProblemError `OVERLOADED` if too much is waiting, and with a ClientGoneError if nobody waits any
 * more.
 */
export class EvaluationQueue {
  readonly #maxWaiting: number;
  readonly #short: Lane = { jobs: [], work: 0 };
  readonly #long: Lane = { jobs: [], work: 0 };
  /** The work of the short lane until the long one has its turn. */
  #owed = 0;
  #running = false;

  /** @param maxWaiting group operations that may wait in each lane: more is refused */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** One result per element. */
  blindEvaluate(
    evaluator: Evaluator,
    elements: readonly BlindedElement[],
    isWanted: IsWanted,
  ): Promise<EvaluatedElement[]> {
    const evaluated: EvaluatedElement[] = [];
    return this.#wait(elements.length, SLICE_ELEMENTS, isWanted, () => {
      evaluated.push(...evaluator.blindEvaluate(elements.slice(evaluated.length, evaluated.length + SLICE_ELEMENTS)));
      return evaluated.length === elements.length ? evaluated : undefined;
    });
  }

  /** A proof cannot be cut into slices: the short lane is owed for what it costs. */
  prove(evaluator: Evaluator, elements: readonly BlindedElement[], isWanted: IsWanted): Promise<Proof> {
    const work = proofWork(elements);
    return this.#wait(work, work, isWanted, () => evaluator.prove(elements));
  }

  /** Whether a job of this size would be accepted now. */
  hasRoom(work: number): boolean {
    return this.#laneOf(work).work + work <= this.#maxWaiting;
  }

  #laneOf(work: number): Lane {
    return work <= SHORT_ELEMENTS ? this.#short : this.#long;
  }

  #wait<Result>(
    work: number,
    maxSliceWork: number,
    isWanted: IsWanted,
    step: () => Result | undefined,
  ): Promise<Result> {
    if (!this.hasRoom(work)) return Promise.reject(overloaded());
    const lane = this.#laneOf(work);
    return new Promise((resolve, reject) => {
      const run = (): boolean => {
        try {
          if (!isWanted()) throw new ClientGoneError('nobody waits for the evaluation any more');
          const result = step();
          if (result === undefined) return true;
          resolve(result);
        } catch (error) {
          reject(error);
        }
        return false;
      };
      lane.jobs.push({ work, sliceWork: Math.min(work, maxSliceWork), run });
      lane.work += work;
      if (!this.#running) setImmediate(this.#turn);
      this.#running = true;
    });
  }

  readonly #turn = (): void => {
    let spent = 0;
    for (;;) {
      const lane = this.#nextLane();
      const [job] = lane.jobs;
      // Small requests share a turn. None of them waits for its answer while a slice of a large one
      // is done.
      if (!job || (spent > 0 && spent + job.sliceWork > SLICE_ELEMENTS)) break;
      lane.jobs.shift();
      spent += job.sliceWork;
      this.#owed = lane === this.#short ? this.#owed - job.sliceWork : SHORT_SHARE * job.sliceWork;
      if (job.run()) lane.jobs.push(job);
      else lane.work -= job.work;
    }
    this.#running = spent > 0;
    if (this.#running) setImmediate(this.#turn);
  };

  #nextLane(): Lane {
    if (this.#short.jobs.length === 0) return this.#long;
    return this.#long.jobs.length === 0 || this.#owed > 0 ? this.#short : this.#long;
  }
}
