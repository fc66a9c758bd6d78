// Looks for planted accounts in what is not read as credentials: texts that are refused or left
// out, and rejected lines. An alarm needs the name alone, and no format.

import type { NameMarks } from '../../store/retention/name-list.ts';
import type { PlantedCounts } from '../report/planted.ts';
import { type FoundName, NameGuard } from './name-guard.ts';
import type { TextSink } from './text-reader.ts';

const LF = 0x0a;
const NUL = 0x00;
/** Shorter words are no names, and longer ones no words. */
const MIN_WORD_BYTES = 5;
const MAX_WORD_BYTES = 320;

const OTHER = 0;
const LETTER = 1;
/** Every planted name has one, so most words are not looked up. */
const DIGIT = 2;
/** Not at the ends of a word. */
const PUNCTUATION = 3;

const KINDS = new Uint8Array(256);
const setKind = (characters: string, kind: number): void => {
  for (const byte of Buffer.from(characters)) KINDS[byte] = kind;
};
setKind('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER);
setKind('0123456789', DIGIT);
setKind('.+-_@', PUNCTUATION);

/** Takes words of ASCII in any encoding that has its bytes, and in UTF-16, whole or shifted. */
export class PlantedSearch implements TextSink {
  readonly #guard: NameGuard;
  readonly #word = Buffer.alloc(MAX_WORD_BYTES);
  #bytes = 0;
  #isUtf16 = false;
  #hasDigit = false;
  /** The last name, whose line goes on. */
  #found: FoundName | undefined;
  #hasPassword = false;

  /** @param guard counts what is found */
  constructor(guard: NameGuard) {
    this.#guard = guard;
  }

  push(block: Uint8Array): void {
    for (const byte of block) {
      const kind = KINDS[byte];
      if (kind !== OTHER) {
        // The place behind a word that is too long stays behind it.
        if (this.#bytes < MAX_WORD_BYTES) this.#word[this.#bytes] = byte;
        this.#bytes++;
        this.#hasDigit ||= kind === DIGIT;
      } else if (byte === NUL && (this.#isUtf16 || this.#bytes === 1)) this.#isUtf16 = true;
      else {
        this.#endWord();
        if (byte === LF) this.#endLine();
      }
    }
  }

  end(): void {
    this.#endWord();
    this.#endLine();
  }

  /** Searches a line of a text that is read otherwise. */
  searchLine(line: Uint8Array): void {
    this.push(line);
    this.end();
  }

  /** What was found since the last call. */
  take(): PlantedCounts {
    return this.#guard.takePlanted();
  }

  #endWord(): void {
    const word = this.#word.subarray(0, this.#bytes);
    const isLooked = this.#bytes >= MIN_WORD_BYTES && this.#bytes <= MAX_WORD_BYTES;
    const mayBeName = isLooked && this.#hasDigit;
    const mayBePassword = isLooked && this.#found !== undefined;
    this.#bytes = 0;
    this.#hasDigit = false;
    this.#isUtf16 = false;
    if (mayBeName || mayBePassword) this.#look(trimmed(word));
  }

  #look(word: Uint8Array): void {
    const found = this.#guard.findPlanted(word);
    if (!found) {
      this.#hasPassword ||= this.#found !== undefined && this.#guard.isPair(this.#found, word);
      return;
    }
    this.#endLine();
    this.#found = found;
  }

  #endLine(): void {
    if (this.#found) this.#guard.count(this.#found, this.#hasPassword);
    this.#found = undefined;
    this.#hasPassword = false;
  }
}

function trimmed(word: Uint8Array): Uint8Array {
  let [from, to] = [0, word.length];
  while (from < to && KINDS[word[from] as number] === PUNCTUATION) from++;
  while (to > from && KINDS[word[to - 1] as number] === PUNCTUATION) to--;
  return word.subarray(from, to);
}

/** Undefined if no account is planted. */
export const createPlantedSearch = (marks: NameMarks | undefined): PlantedSearch | undefined =>
  marks?.names.some(({ kind }) => kind === 'planted') ? new PlantedSearch(new NameGuard(marks)) : undefined;
