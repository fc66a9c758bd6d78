// The table that a statement of a dump is about: `users`, `public.users`, `"public"."users"`, and
// the database that MySQL's USE names.

import { lastPart } from './sql-text.ts';

/** All names are in lower case. */
export class SqlTableName {
  name = '';
  #schema = '';
  #database = '';
  /** Whether a part in quotes came last: a dot makes it the schema. */
  #isPart = false;

  /** A statement begins. */
  clear(): void {
    this.name = '';
    this.#schema = '';
    this.#isPart = false;
  }

  /** What is outside of quotes, dots among it. */
  word(word: string): void {
    const whole = this.#isPart && word.startsWith('.') ? `${this.name}${word}` : word;
    this.name = lastPart(whole);
    this.#schema = whole.slice(0, Math.max(0, whole.length - this.name.length - 1));
    this.#isPart = false;
  }

  /** What is in quotes. */
  part(text: string): void {
    if (this.name !== '') this.#schema = '';
    this.name = text.toLowerCase();
    this.#isPart = true;
  }

  use(database: string): void {
    this.#database = database.toLowerCase();
  }

  /** Empty if the dump names none. */
  get schema(): string {
    return this.#schema || this.#database;
  }
}
