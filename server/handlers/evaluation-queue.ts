// The queue of evaluations. A group operation takes a tenth of a millisecond, so requests share the
// event loop in slices.
//
// Two lanes, each a round robin of clients and, of one client, of requests (lane.ts). A request of
// few elements, which is what a check sends, takes the short lane. While both have work the long
// lane gets a quarter of the time, so that neither can starve the other. One slice per turn of the
// event loop: between two slices sockets are read, buckets are sent, and who went away is noticed.
// A proof is one slice whatever its size.

import type { BlindedElement, EvaluatedElement, Proof } from '../../protocol/brands.ts';
import { headerBlock } from '../../runtime/http/headers.ts';
import { ClientGoneError, ProblemError } from '../../runtime/http/problem.ts';
import type { Evaluator } from '../../store/dataset-key.ts';
import { Lane } from './lane.ts';

/** Half a millisecond, by which a slice can delay another request. */
const SLICE_ELEMENTS = 4;
/** A check evaluates its pair, username and password, and four similar forms of the password. */
const SHORT_ELEMENTS = 8;
/** The work of the short lane for each unit of work of the long one. */
const SHORT_SHARE = 3;

/** Whether the client still waits for the response. */
export type IsWanted = () => boolean;

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
  readonly #short: Lane;
  readonly #long: Lane;
  /** The work of the short lane until the long one has its turn. */
  #owed = 0;
  #running = false;

  /** @param maxWaiting group operations that may wait in each lane */
  constructor(maxWaiting: number) {
    this.#short = new Lane(maxWaiting);
    this.#long = new Lane(maxWaiting);
  }

  /** One result per element. Requests of one `owner` share a turn. */
  blindEvaluate(
    evaluator: Evaluator,
    elements: readonly BlindedElement[],
    isWanted: IsWanted,
    owner = '',
  ): Promise<EvaluatedElement[]> {
    const evaluated: EvaluatedElement[] = [];
    return this.#wait({ owner, work: elements.length, maxSliceWork: SLICE_ELEMENTS }, isWanted, () => {
      evaluated.push(...evaluator.blindEvaluate(elements.slice(evaluated.length, evaluated.length + SLICE_ELEMENTS)));
      return evaluated.length === elements.length ? evaluated : undefined;
    });
  }

  /** A proof cannot be cut into slices: the short lane is owed for what it costs. */
  prove(evaluator: Evaluator, elements: readonly BlindedElement[], isWanted: IsWanted, owner = ''): Promise<Proof> {
    const work = proofWork(elements);
    return this.#wait({ owner, work, maxSliceWork: work }, isWanted, () => evaluator.prove(elements));
  }

  /** Whether a job of this size and owner would be accepted now. */
  hasRoom(work: number, owner = ''): boolean {
    return this.#laneOf(work).hasRoom(owner, work);
  }

  #laneOf(work: number): Lane {
    return work <= SHORT_ELEMENTS ? this.#short : this.#long;
  }

  #wait<Result>(
    { owner, work, maxSliceWork }: { readonly owner: string; readonly work: number; readonly maxSliceWork: number },
    isWanted: IsWanted,
    step: () => Result | undefined,
  ): Promise<Result> {
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
      const refuse = (): void => reject(overloaded());
      if (!lane.add({ owner, work, sliceWork: Math.min(work, maxSliceWork), run, refuse })) return refuse();
      if (!this.#running) setImmediate(this.#turn);
      this.#running = true;
    });
  }

  readonly #turn = (): void => {
    let spent = 0;
    for (;;) {
      const lane = this.#nextLane();
      const job = lane.first;
      // Small requests share a turn. None of them waits for its answer while a slice of a large one
      // is done.
      if (!job || (spent > 0 && spent + job.sliceWork > SLICE_ELEMENTS)) break;
      spent += job.sliceWork;
      this.#owed = lane === this.#short ? this.#owed - job.sliceWork : SHORT_SHARE * job.sliceWork;
      lane.runFirst();
    }
    this.#running = spent > 0;
    if (this.#running) setImmediate(this.#turn);
  };

  #nextLane(): Lane {
    if (!this.#short.first) return this.#long;
    return !this.#long.first || this.#owed > 0 ? this.#short : this.#long;
  }
}
