// The linear check: one more element per request shows that the pinned key made all evaluations.
// PROTOCOL.md §16.
//
// The client draws odd weights d_i and a scalar s, sends C_0 = s·G - Σ d_i·C_i with its blinded
// elements C_i, and accepts the answers D_i only if D_0 + Σ d_i·D_i = s·pkS. C_0 is uniformly
// random whatever the weights are, so the evaluator learns nothing about them, and an answer other
// than k·C_i passes for at most one of the 2^63 values of its weight.

import { randomBytes } from '@noble/hashes/utils.js';
import type { BlindScalar } from './brands.ts';

/** Length of a weight d_i: an odd integer, little-endian. */
export const WEIGHT_BYTES = 8;

/** A group of prime order with a pinned key. `Element` is its representation of an element. */
export interface LinearCheckGroup<Element> {
  /** Uniform, and not zero. */
  randomScalar(): BlindScalar;
  /** s·G */
  multiplyGenerator(scalar: BlindScalar): Element;
  /** s·pkS */
  multiplyKey(scalar: BlindScalar): Element;
  add(a: Element, b: Element): Element;
  subtract(a: Element, b: Element): Element;
  /**
   * Σ weights[i]·elements[i]. Its time may depend on the weights: each is used for one request.
   * @param weights of `WEIGHT_BYTES` each
   */
  sumWeighted(weights: readonly Uint8Array[], elements: readonly Element[]): Element;
  areEqual(a: Element, b: Element): boolean;
}

/** The secrets of one check. */
export interface LinearCheckSecrets {
  /** One for each blinded element. */
  readonly weights: readonly Uint8Array[];
  readonly scalar: BlindScalar;
}

/** Draws fresh secrets. A request that is sent again needs new ones. */
export function drawLinearCheck(
  group: Pick<LinearCheckGroup<unknown>, 'randomScalar'>,
  elements: number,
): LinearCheckSecrets {
  const weights = Array.from({ length: elements }, () => {
    const weight = randomBytes(WEIGHT_BYTES);
    weight[0] = (weight[0] as number) | 1;
    return weight;
  });
  return { weights, scalar: group.randomScalar() };
}

/** C_0, which is evaluated with the blinded elements. */
export function linearCheckElement<Element>(
  group: LinearCheckGroup<Element>,
  { weights, scalar }: LinearCheckSecrets,
  blinded: readonly Element[],
): Element {
  return group.subtract(group.multiplyGenerator(scalar), group.sumWeighted(weights, blinded));
}

/**
 * Whether the secret key of pkS made all evaluations.
 * @param evaluated D_1 to D_n, in the order of the blinded elements
 * @param evaluatedCheck D_0
 */
export function holdsLinearCheck<Element>(
  group: LinearCheckGroup<Element>,
  { weights, scalar }: LinearCheckSecrets,
  evaluated: readonly Element[],
  evaluatedCheck: Element,
): boolean {
  if (evaluated.length !== weights.length) return false;
  const sum = group.add(evaluatedCheck, group.sumWeighted(weights, evaluated));
  return group.areEqual(sum, group.multiplyKey(scalar));
}
