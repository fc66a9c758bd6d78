// Fields behind a change of their order, in blocks that nothing separates: whether one field was
// lost or the order is another one from here on shows only where the order changes again.

import type { Role } from './block-roles.ts';

export interface Field {
  readonly role: Exclude<Role, 'other'>;
  readonly label: string;
  readonly text: string;
  /** Of several passwords of a block, the one of the lowest rank counts. */
  readonly rank: number;
  /** True if a line below it may belong to it. */
  isUnclear?: boolean;
}

/** Fields that are held until it shows. */
const MAX_HELD = 8192;

export class HeldRun {
  #fields: Field[] = [];
  #last: Field | undefined;
  /** Changes of the role, and one. */
  #turns = 0;
  #lost = 0;

  add(field: Field): void {
    if (field.role !== this.#last?.role) this.#turns++;
    this.#last = field;
    this.#fields.push(field);
    if (this.#fields.length > MAX_HELD) this.reject();
  }

  isEndedBy({ role, label }: Field): boolean {
    return role === 'site' || (role === this.#last?.role && label === this.#last.label);
  }

  /** The fields are of whole blocks in the other order. */
  get isSwapped(): boolean {
    return this.#turns % 2 === 0;
  }

  get fields(): readonly Field[] {
    return this.#fields;
  }

  /** Passwords that were rejected. */
  get lost(): number {
    return this.#lost;
  }

  reject(): void {
    this.#lost += this.#fields.filter(({ role }) => role === 'password').length;
    this.#fields = [];
  }
}
