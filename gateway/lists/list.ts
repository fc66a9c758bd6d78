// A list as rules see it: a value is in it, is not, or nobody knows.

import type { Address } from '../addresses/address.ts';

/**
 * `undefined` if the list was never read, or its source has not confirmed it for longer than its
 * `maxAge`. A rule must not take that for `false`: negated, it would hold for everybody.
 */
export type Membership = boolean | undefined;

export interface AddressList {
  readonly kind: 'ip';
  has(address: Address): Membership;
}

export interface TextList {
  readonly kind: 'string';
  /** @param text one character for each byte, as HTTP delivers header values and paths */
  has(text: string): Membership;
}

export type List = AddressList | TextList;
