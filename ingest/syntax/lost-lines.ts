// Counts the lines of what is lost in a text of JSON, as where something else stands below it.

const LF = 0x0a;
/** What lines within a value begin with: they are a part of what was lost before. */
const INSIDE = new Set([...'"}],'].map((sign) => sign.charCodeAt(0)));

export class LostLines {
  #isNew = false;

  /** The line that is being read counts already. */
  begin(): void {
    this.#isNew = false;
  }

  /** @returns how many more lines begin here */
  count(bytes: Uint8Array): number {
    let lines = 0;
    for (const byte of bytes) {
      if (byte === LF) this.#isNew = true;
      else if (this.#isNew && byte > 0x20) {
        this.#isNew = false;
        if (!INSIDE.has(byte)) lines++;
      }
    }
    return lines;
  }
}
