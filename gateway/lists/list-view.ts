// A list as one process looks it up: its parts together.

import type { Address } from '../addresses/address.ts';
import type { AddressList, Membership, TextList } from './list.ts';
import { AddressTable } from './table/address-table.ts';
import type { Columns } from './table/list-image.ts';
import { TextTable } from './table/text-table.ts';

interface Part<Value> {
  has(value: Value): boolean;
}

/** What the source delivered, and when it last confirmed that. */
interface Sourced<Value> {
  readonly table: Part<Value>;
  readonly confirmedAtMs: number;
}

class ListView<Value> {
  /** Items of the configuration, and observed addresses. */
  readonly #own: readonly Part<Value>[];
  readonly #hasSource: boolean;
  readonly #maxAgeMs: number;
  #sourced: Sourced<Value> | undefined;

  constructor(own: readonly Part<Value>[], hasSource: boolean, maxAgeMs: number) {
    this.#own = own;
    this.#hasSource = hasSource;
    this.#maxAgeMs = maxAgeMs;
  }

  has(value: Value): Membership {
    for (const part of this.#own) if (part.has(value)) return true;
    if (!this.#hasSource) return false;
    const sourced = this.#sourced;
    return sourced && this.isKnown ? sourced.table.has(value) : undefined;
  }

  /** Whether its source was read, and confirmed it recently enough. */
  get isKnown(): boolean {
    const { ageMs } = this;
    return !this.#hasSource || (ageMs !== undefined && ageMs <= this.#maxAgeMs);
  }

  /**
   * Since its source last confirmed it; undefined if it never did. A clock that was set back makes
   * no list young.
   */
  get ageMs(): number | undefined {
    return this.#sourced && Math.abs(Date.now() - this.#sourced.confirmedAtMs);
  }

  replace(sourced: Sourced<Value>): void {
    this.#sourced = sourced;
  }

  confirm(confirmedAtMs: number): void {
    if (this.#sourced) this.#sourced = { ...this.#sourced, confirmedAtMs };
  }
}

export class AddressView extends ListView<Address> implements AddressList {
  readonly kind = 'ip';
}

export class TextView extends ListView<string> implements TextList {
  readonly kind = 'string';
}

/** Takes a copy over, if it is of the view's kind. */
export function replaceCopy(view: AddressView | TextView, columns: Columns, confirmedAtMs: number): boolean {
  if (view.kind === 'ip' && columns.kind === 'ip')
    view.replace({ table: new AddressTable(columns.columns), confirmedAtMs });
  else if (view.kind === 'string' && columns.kind === 'string')
    view.replace({ table: new TextTable(columns.columns), confirmedAtMs });
  else return false;
  return true;
}
