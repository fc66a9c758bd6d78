// Whether files still stand where they were opened. One that was moved or deleted can be written
// for as long as the process lives, and nobody finds it again.

import fs from 'node:fs';

export class FilePlaces {
  /** By name: device and number of the file. */
  readonly #ids: ReadonlyMap<string, string>;
  /** What a file must not be shorter than: those of a state never shrink. */
  readonly #lengths = new Map<string, number>();

  /** @param names of files that are open now */
  constructor(names: readonly string[]) {
    this.#ids = new Map(names.map((name) => [name, this.#look(name)]));
  }

  /** @returns false once one of them is another file, none, or was cut off */
  areKept(): boolean {
    return [...this.#ids].every(([name, id]) => this.#look(name) === id);
  }

  #look(name: string): string {
    const stat = fs.statSync(name, { bigint: true, throwIfNoEntry: false });
    if (!stat) return '';
    const isCut = stat.size < (this.#lengths.get(name) ?? 0);
    this.#lengths.set(name, Math.max(Number(stat.size), this.#lengths.get(name) ?? 0));
    return isCut ? 'cut off' : `${stat.dev} ${stat.ino}`;
  }
}
