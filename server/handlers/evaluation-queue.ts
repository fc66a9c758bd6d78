// The queue of evaluations. A group operation takes a tenth of a millisecond, so requests share the
// event loop in slices.
//
// There are two lanes, each a round robin. A request of few elements, as a check sends it, takes
// the short lane. While both lanes have work, the long one gets a quarter of the time, so that
// neither starves the other. Each turn of the event loop runs one slice: between slices the server
// reads sockets, sends buckets and notices clients that have left. A proof is one slice of any
// size.

import type { BlindedElement, EvaluatedElement, Proof } from '../../protocol/brands.ts';
import { headerBlock } from '../../runtime/http/headers.ts';
import { ClientGoneError, ProblemError } from '../../runtime/http/problem.ts';
import type { Evaluator } from '../../store/dataset-key.ts';

/** Half a millisecond, by which a slice can delay another request. */
const SLICE_ELEMENTS = 4;
/** A check evaluates its pair, username and password, and four similar forms of the password. */
const SHORT_ELEMENTS = 8;
/** The work of the short lane for each unit of work of the long one. */
const SHORT_SHARE = 3;

/** Whether the client still waits for the response. */
export type IsWanted = () => boolean;

/** Work is counted in group operations. */
interface Job {
  readonly work: number;
  readonly sliceWork: number;
  /** Runs a slice. False if the job has ended. */
  run(): boolean;
}

interface Lane {
  readonly jobs: Job[];
  work: number;
}

/**
 * The work of a proof. It evaluates each element again, and multiplies it for the composites of RFC
 * 9497 §2.2.1.
 */
export const proofWork = (elements: readonly BlindedElement[]): number => 2 * elements.length;

const RETRY = headerBlock({ 'Retry-After': '1' });
export const overloaded = (): ProblemError => new ProblemError('OVERLOADED', { headers: RETRY });

/**
 * Owns the order of evaluations. Its promises reject with the evaluator's errors, with a
 * ProblemError `OVERLOADED` if a lane is full, and with a ClientGoneError if the client has left.
 */
export class EvaluationQueue {
  readonly #maxWaiting: number;
  readonly #short: Lane = { jobs: [], work: 0 };
  readonly #long: Lane = { jobs: [], work: 0 };
  /** The work that the short lane may do before the long one has its turn. */
  #owed = 0;
  #running = false;

  /** @param maxWaiting the maximum of group operations that wait in each lane */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Evaluates elements. @returns one result for each, in order */
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

  /** Makes a proof. It cannot be cut into slices: the short lane is owed time for its cost. */
  prove(evaluator: Evaluator, elements: readonly BlindedElement[], isWanted: IsWanted): Promise<Proof> {
    const work = proofWork(elements);
    return this.#wait(work, work, isWanted, () => evaluator.prove(elements));
  }

  /** Whether the queue would accept a job of this size now. */
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
      // Small requests share a turn. None of them waits for its result while a slice of a large one
      // runs.
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
