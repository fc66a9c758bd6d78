// Adds the linear check to the elements of a request, and opens the answers once it holds.
// PROTOCOL.md §16.

import type { BlindedElement, EvaluatedElement } from '../../protocol/brands.ts';
import {
  drawLinearCheck,
  holdsLinearCheck,
  type LinearCheckGroup,
  linearCheckElement,
} from '../../protocol/linear-check.ts';
import { evaluationWrong } from '../../protocol/oprf.ts';

export interface CheckedGroup<Element> extends LinearCheckGroup<Element> {
  encode(element: Element): Uint8Array;
  /** @throws ProtocolError `ELEMENT_*`, for the identity as well */
  decode(bytes: Uint8Array): Element;
}

export interface CheckedRequest<Element> {
  /** With the element of the linear check last. */
  readonly blindedElements: readonly BlindedElement[];
  /**
   * @param shares as in `BlindedInputs`
   * @returns the evaluations, without that of the linear check
   * @throws ProtocolError `EVALUATION_WRONG`, `ELEMENT_*`
   */
  open(shares: readonly (readonly EvaluatedElement[])[]): readonly Element[];
}

export function checkRequest<Element>(
  group: CheckedGroup<Element>,
  blinded: readonly Element[],
): CheckedRequest<Element> {
  const secrets = drawLinearCheck(group, blinded.length);
  const elements = [...blinded, linearCheckElement(group, secrets, blinded)];
  return {
    blindedElements: elements.map((element) => group.encode(element) as BlindedElement),
    open(shares) {
      const sums = addShares(group, shares, elements.length);
      const evaluated = sums.slice(0, -1);
      const [check] = sums.slice(-1);
      if (check === undefined || !holdsLinearCheck(group, secrets, evaluated, check)) throw evaluationWrong();
      return evaluated;
    },
  };
}

/** The sum of the evaluations of each element. */
function addShares<Element>(
  { decode, add }: CheckedGroup<Element>,
  shares: readonly (readonly EvaluatedElement[])[],
  count: number,
): Element[] {
  const [first, ...others] = shares.map((share) => {
    if (share.length !== count) throw evaluationWrong();
    return share.map(decode);
  });
  if (!first) throw evaluationWrong();
  return first.map((element, i) => others.reduce((sum, share) => add(sum, share[i] as Element), element));
}
