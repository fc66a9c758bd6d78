// XML that comes piece by piece, whose elements and attributes may have the names of fields.

/** More than a spelled name and its prefix. */
const MAX_KEPT = 1_024;

export class XmlScan {
  readonly #onText: (text: string) => void;
  #kept = '';

  /** @param onText is called with all of it: pieces that overlap, without the zeros of UTF-16 */
  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  /** @param text each character is one byte */
  push(text: string): void {
    const seen = this.#kept + text.replaceAll('\0', '');
    this.#onText(seen);
    this.#kept = seen.slice(-MAX_KEPT);
  }
}
