// The labels that the operator stated: a text that has none of them was not read as meant.

import { IngestError } from '../../errors.ts';
import { foldName } from '../column-names.ts';
import type { Labels } from '../format-options.ts';
import { isOfCredential, roleOfLabel } from './label-names.ts';

const ROLES = ['username', 'password'] as const;
/** Of a text, in the message. */
const MAX_SHOWN = 12;

export class StatedLabels {
  readonly #stated: Labels;
  readonly #seen = new Set<string>();

  constructor(stated: Labels) {
    this.#stated = stated;
  }

  see(label: string): void {
    this.#seen.add(nameOf(label));
  }

  /**
   * One of several is enough, unless it is a usual one, which is read without being stated.
   * @param known labels of the text that name a part of a credential
   * @throws IngestError `LABEL_MISSING` if none was seen that names a username, or a password
   */
  assertSeen(known: readonly string[]): void {
    for (const role of ROLES) {
      const names = this.#stated[role];
      const unusual = names.filter((name) => !isUsual(name));
      const needed = unusual.length > 0 ? unusual : names;
      if (needed.length === 0 || needed.some((name) => this.#seen.has(nameOf(name)))) continue;
      throw labelMissing(role, needed, known);
    }
  }
}

const isUsual = (name: string): boolean => isOfCredential(roleOfLabel(name));

function labelMissing(role: string, names: readonly string[], known: readonly string[]): IngestError {
  const quoted = names.map((name) => JSON.stringify(name)).join(' or ');
  const shown = known.slice(0, MAX_SHOWN).join(', ');
  return new IngestError(
    'LABEL_MISSING',
    `no line has the label ${quoted} for ${role}; known labels of the text: ${shown || 'none'}`,
    'Pass --labels with the labels as they stand in the text, a slash between two of them, or leave it out where the usual ones are there.',
  );
}

/** Labels without a letter or digit, such as signs, are compared as they are. */
const nameOf = (label: string): string => foldName(label) || label.toLowerCase();
