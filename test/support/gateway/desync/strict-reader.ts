// Reads HTTP/1.1 as the gateway has to write it, byte for byte: one spelling of everything. What
// another server could read in another way is an error.

export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

const REQUEST_LINE = /^([A-Z-]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/;
const HEADER = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

/** The values of a header. */
export const valuesOf = (headers: readonly string[], wanted: string): string[] =>
  headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === wanted);

/** Reads all requests that a connection got. */
export class StrictReader {
  #text: string;

  constructor(bytes: Buffer) {
    this.#text = bytes.toString('latin1');
  }

  /**
   * The next request; undefined at the end, or for one that is not complete.
   * @throws Error for anything that the gateway must not write
   */
  next(): StrictRequest | undefined {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first = '', ...rest] = this.#text.slice(0, end).split('\r\n');
    const [, method = '', target = ''] = match(REQUEST_LINE, first);
    const headers = rest.flatMap((line) => match(HEADER, line).slice(1));
    const body = this.#body(end + 4, headers);
    if (!body) return undefined;
    this.#text = this.#text.slice(body.end);
    return { method, target, headers, body: body.text };
  }

  #body(start: number, headers: readonly string[]): { readonly text: string; readonly end: number } | undefined {
    const lengths = valuesOf(headers, 'content-length');
    const codings = valuesOf(headers, 'transfer-encoding');
    if (lengths.length + codings.length > 1) throw new Error('a body of two lengths');
    if (codings.length > 0) return this.#chunks(start, codings[0] as string);
    const [length = '0'] = lengths;
    match(/^(?:0|[1-9]\d*)$/, length);
    const end = start + Number(length);
    return end > this.#text.length ? undefined : { text: this.#text.slice(start, end), end };
  }

  #chunks(start: number, coding: string): { readonly text: string; readonly end: number } | undefined {
    match(/^chunked$/, coding);
    let text = '';
    for (let at = start; ; ) {
      const end = this.#text.indexOf('\r\n', at);
      if (end < 0) return undefined;
      const [size] = match(/^(?:0|[1-9a-f][0-9a-f]*)$/, this.#text.slice(at, end));
      at = end + 2;
      if (size === '0') return this.#trailers(at, text);
      const length = parseInt(size as string, 16);
      if (this.#text.length < at + length + 2) return undefined;
      text += this.#text.slice(at, at + length);
      match(/^\r\n$/, this.#text.slice(at + length, at + length + 2));
      at += length + 2;
    }
  }

  #trailers(start: number, text: string): { readonly text: string; readonly end: number } | undefined {
    for (let at = start; ; ) {
      const end = this.#text.indexOf('\r\n', at);
      if (end < 0) return undefined;
      if (end === at) return { text, end: end + 2 };
      match(HEADER, this.#text.slice(at, end));
      at = end + 2;
    }
  }
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (!found) throw new Error(`not as the gateway writes: ${JSON.stringify(text.slice(0, 200))}`);
  return found;
}
