// What a case of the desync corpus is, and how its bytes are put together.

/** A request that an application should see. Text is latin1: a character is a byte. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
}

export interface DesyncCase {
  readonly name: string;
  readonly bytes: string;
  /**
   * `refused`: nothing reaches the application, nor does what follows on the connection. Else the
   * requests that it sees, in order.
   */
  readonly expected: 'refused' | readonly Seen[];
  /** The connection ends with the case, so that nothing follows it. */
  readonly ends: boolean;
  /** The case waits for bytes that never come: the client leaves. */
  readonly isCutShort: boolean;
}

export const HOST = 'app.example';
/** What a client claims in the gateway's name. No application may see it. */
export const FORGED = 'forged';

export const seen = (more: Partial<Seen> = {}): Seen => ({ method: 'GET', target: '/', host: HOST, body: '', ...more });

/** A head of lines, each ended by CRLF, and the empty line. */
export const lines = (...all: readonly string[]): string => [...all, '', ''].join('\r\n');

export const get = (target: string, ...headers: readonly string[]): string =>
  lines(`GET ${target} HTTP/1.1`, `Host: ${HOST}`, ...headers);

/** The head of a POST to `/`, without its body. */
export const post = (...headers: readonly string[]): string => lines('POST / HTTP/1.1', `Host: ${HOST}`, ...headers);

export const refused = (name: string, bytes: string): DesyncCase => ({
  name,
  bytes,
  expected: 'refused',
  ends: true,
  isCutShort: false,
});

export const passes = (name: string, bytes: string, ...expected: readonly Seen[]): DesyncCase => ({
  name,
  bytes,
  expected,
  ends: false,
  isCutShort: false,
});

/** As `passes`, with the end of the connection. */
export const ends = (name: string, bytes: string, ...expected: readonly Seen[]): DesyncCase => ({
  ...passes(name, bytes, ...expected),
  ends: true,
});

/** No request of it is ever complete. */
export const cutShort = (name: string, bytes: string): DesyncCase => ({ ...refused(name, bytes), isCutShort: true });
