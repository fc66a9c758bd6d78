// The server name in a ClientHello, read before the handshake: RFC 8446 §4.1.2, RFC 6066 §3.
//
// Whether a host asks for client certificates has to be known before OpenSSL answers.

/** One record, and more than any ClientHello needs. */
export const MAX_HELLO_BYTES = 16_384 + 5;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** Of a handshake message. */
const HEADER_BYTES = 4;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/**
 * `incomplete` needs more bytes; `malformed` is no ClientHello, or one that servers may read in two
 * ways: two names, or two lists of them. Without a name `serverName` is undefined.
 */
export type Hello = { readonly serverName: string | undefined } | 'incomplete' | 'malformed';

/** Thrown by whoever reads one, and caught there. */
export class Malformed extends Error {}

/** Reads numbers and vectors off the front of bytes. */
export class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(size: 1 | 2 | 3): number {
    return this.take(size).readUIntBE(0, size);
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Malformed();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A vector with its length before it. */
  vector(lengthSize: 1 | 2): Cursor {
    return new Cursor(this.take(this.number(lengthSize)));
  }
}

/** @param bytes all that the connection sent so far */
export function readHello(bytes: Buffer): Hello {
  try {
    const hello = helloOf(bytes);
    return hello ? { serverName: nameIn(hello) } : 'incomplete';
  } catch (error) {
    if (error instanceof Malformed) return 'malformed';
    throw error;
  }
}

/** The body of the ClientHello; undefined for one that is not whole. @throws Malformed */
export function helloOf(bytes: Buffer): Cursor | undefined {
  const message = handshakeMessage(bytes);
  return message && new Cursor(message);
}

/** The ClientHello without its header, put together from as many records as it takes. */
function handshakeMessage(bytes: Buffer): Buffer | undefined {
  const fragments: Buffer[] = [];
  let held = 0;
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE) throw new Malformed();
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) throw new Malformed();
    if (bytes.length < at + 5) return undefined;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) throw new Malformed();
    if (bytes.length < at + 5 + length) return undefined;
    fragments.push(bytes.subarray(at + 5, at + 5 + length));
    held += length;
    at += 5 + length;
    if (held < HEADER_BYTES) continue;
    const [first] = fragments as [Buffer];
    // Joined twice at most: a hello of a byte a record must not cost its square.
    const header = first.length >= HEADER_BYTES ? first : Buffer.concat(fragments.splice(0));
    if (header !== first) fragments.push(header);
    if (header[0] !== CLIENT_HELLO) throw new Malformed();
    const end = HEADER_BYTES + header.readUIntBE(1, 3);
    if (end > MAX_HELLO_BYTES) throw new Malformed();
    if (held >= end) return Buffer.concat(fragments).subarray(HEADER_BYTES, end);
  }
}

function nameIn(hello: Cursor): string | undefined {
  // Version and random, session id, cipher suites, compression methods.
  hello.take(34);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.isAtEnd) return undefined;
  const extensions = hello.vector(2);
  let name: string | undefined;
  let lists = 0;
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type !== SERVER_NAME) continue;
    if (++lists > 1) throw new Malformed();
    name = hostNameOf(data.vector(2));
    if (!data.isAtEnd) throw new Malformed();
  }
  return name;
}

function hostNameOf(list: Cursor): string {
  const type = list.number(1);
  const name = list.vector(2);
  if (type !== HOST_NAME || !list.isAtEnd) throw new Malformed();
  let text = '';
  while (!name.isAtEnd) text += String.fromCharCode(name.number(1));
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(text)) throw new Malformed();
  return text.toLowerCase().replace(/\.$/, '');
}
