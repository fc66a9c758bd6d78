// The labels that the operator stated: a text that has none of them was not read as meant.

import { IngestError } from '../../errors.ts';
import { foldName } from '../column-names.ts';
import type { Labels } from '../format-options.ts';

const ROLES = ['username', 'password'] as const;
/** Of a text, in the message. */
const MAX_SHOWN = 12;

export class StatedLabels {
  readonly #unseen: ReadonlyMap<(typeof ROLES)[number], Set<string>>;
  readonly #stated: Labels;

  constructor(stated: Labels) {
    this.#stated = stated;
    this.#unseen = new Map(ROLES.map((role) => [role, new Set(stated[role].map(nameOf))]));
  }

  see(label: string): void {
    const name = nameOf(label);
    for (const names of this.#unseen.values()) if (names.has(name)) names.clear();
  }

  /**
   * @param known labels of the text that name a part of a credential
   * @throws IngestError `LABEL_MISSING` if none was seen that names a username, or a password
   */
  assertSeen(known: readonly string[]): void {
    const role = ROLES.find((each) => (this.#unseen.get(each) as Set<string>).size > 0);
    if (role === undefined) return;
    const names = this.#stated[role].map((name) => JSON.stringify(name)).join(' or ');
    const shown = known.slice(0, MAX_SHOWN).join(', ');
    throw new IngestError(
      'LABEL_MISSING',
      `no line has the label ${names} for ${role}; known labels of the text: ${shown || 'none'}`,
      'Pass --labels with the labels as they stand in the text, or leave it out where the usual ones are there.',
    );
  }
}

/** Labels without a letter or digit, such as signs, are compared as they are. */
const nameOf = (label: string): string => foldName(label) || label.toLowerCase();
