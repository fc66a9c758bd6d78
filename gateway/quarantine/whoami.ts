// Who is signed in, asked of the application itself with the sessions of a browser.
//
// Whoever logs in has a say in what the page looks like: its language, a notice that comes first,
// an error of this one request. So a page without a name proves nothing by itself: nobody is signed
// in only where it is the page of a stranger.

import { createHash } from 'node:crypto';
import { pairsOf } from '../header-pairs.ts';
import type { Origin } from '../upstream/origin.ts';
import type { Signed } from './hold-exchange.ts';
import type { Whoami } from './hold-rules.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 2 ** 18;
const MAX_NAME_BYTES = 1_024;

/** The same for all clients: theirs could choose what the page looks like. */
export const WHOAMI_HEADERS: readonly string[] = [
  ...['User-Agent', 'Mozilla/5.0 (compatible; Credveil)', 'Accept-Language', 'en'],
  ...['Accept', 'text/html, */*', 'Accept-Encoding', 'identity'],
];

export interface WhoamiPage {
  readonly status: number;
  readonly location: string;
  readonly body: Buffer;
}

/**
 * @param headers of the request but `Cookie`, names and values in turn
 * @param cookies of sessions, as the header Cookie has them
 */
export async function askWhoami(
  origin: Pick<Origin, 'pool'>,
  whoami: Whoami,
  headers: readonly string[],
  cookies: string,
): Promise<Signed> {
  if (cookies === '') return { user: undefined };
  try {
    const page = await ask(origin, whoami, [...headers, 'Cookie', cookies]);
    const user = nameOn(page, whoami);
    if (user === 'unknown') return 'unknown';
    if (user) return { user: user.name, print: printOf(page) };
    const stranger = await ask(origin, whoami, headers);
    if (!isOfStranger(page, stranger, whoami)) return 'unknown';
    return (await isAlways(origin, whoami, headers, printOf(stranger))) ? { user: undefined } : 'unknown';
  } catch {
    return 'unknown';
  }
}

const KEPT_MS = 5 * 60_000;
const AGAIN_MS = 10_000;
/** Of the page that strangers get, asked for no client, by application and path. */
const kept = new WeakMap<object, Map<string, { readonly print: string; readonly at: number }>>();

/**
 * Whoever knows how to, gets a page for all of his address that shows nobody, such as one that says
 * to slow down, and brings that about at the moment of a login. So a stranger of no address has to
 * get the same, some time before.
 */
async function isAlways(
  origin: Pick<Origin, 'pool'>,
  whoami: Whoami,
  headers: readonly string[],
  print: string,
): Promise<boolean> {
  const pages = kept.get(origin.pool) ?? new Map();
  kept.set(origin.pool, pages);
  const key = JSON.stringify([whoami.path, headers[headers.indexOf('Host') + 1]]);
  const isOld = (ms: number): boolean => (pages.get(key)?.at ?? 0) < Date.now() - ms;
  const refresh = async (): Promise<void> => {
    if (pages.size >= MAX_KEPT) pages.clear();
    const ofNobody = pairsOf(headers).filter(([name]) => !OF_CLIENT.has(name.toLowerCase()));
    pages.set(key, { print: printOf(await ask(origin, whoami, ofNobody.flat())), at: Date.now() });
  };
  if (isOld(KEPT_MS)) await refresh();
  // It may have changed for everybody.
  else if (pages.get(key)?.print !== print && isOld(AGAIN_MS)) await refresh();
  return pages.get(key)?.print === print;
}

const MAX_KEPT = 1_000;
const OF_CLIENT: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-real-ip']);

async function ask({ pool }: Pick<Origin, 'pool'>, { path }: Whoami, headers: readonly string[]): Promise<WhoamiPage> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const sent = [...headers, ...WHOAMI_HEADERS];
  const answer = await pool.request({ method: 'GET', path, headers: sent, signal });
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer.body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_BYTES) throw new RangeError('the page of whoami is too long');
  }
  return {
    status: answer.statusCode,
    location: String(answer.headers.location ?? ''),
    body: Buffer.concat(pieces),
  };
}

/**
 * Whom a page names; undefined if nobody. Where the text before the name stands twice, one of both
 * may be somebody else's.
 */
export function nameOn(
  { status, body }: WhoamiPage,
  { after, before }: Whoami,
): { readonly name: string } | 'unknown' | undefined {
  if (status !== 200) return undefined;
  const at = body.indexOf(after);
  if (at < 0) return undefined;
  const begin = at + Buffer.byteLength(after);
  if (body.indexOf(after, at + 1) >= 0) return 'unknown';
  const end = body.indexOf(before, begin);
  if (end < 0 || end - begin > MAX_NAME_BYTES) return 'unknown';
  // No other space: an application may tell names apart by it.
  const name = unescapeHtml(body.toString('utf8', begin, end)).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  return name === '' ? undefined : { name };
}

/** Answers of an application to a stranger. A refusal of this one client or request is none. */
const TO_STRANGERS: ReadonlySet<number> = new Set([200, 301, 302, 303, 307, 308, 401]);

/**
 * Whether a page is the one that strangers get.
 * @param stranger what one without a session has got
 */
export const isOfStranger = (page: WhoamiPage, stranger: WhoamiPage, whoami: Whoami): boolean =>
  TO_STRANGERS.has(page.status) && nameOn(stranger, whoami) === undefined && printOf(page) === printOf(stranger);

/** Of all that is on a page but random values, such as the token of a form. */
export function printOf({ status, location, body }: WhoamiPage): string {
  const text = maskRandom(body.toString('latin1'));
  return createHash('sha256')
    .update(JSON.stringify([status, location, text]))
    .digest('base64');
}

/** Such as the token of a form. */
const maskRandom = (text: string): string =>
  text.replace(/(["'])(?=[^"']{0,1000}\d)[\w+=-][\w+/=-]{15,}\1/g, '""').replace(/[\w+=-]{16,}/g, '*');

const ENTITIES: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The characters that pages escape. */
const unescapeHtml = (text: string): string =>
  text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#0*(\d{2,3}));/g,
    (all, name: string | undefined, code: string | undefined) =>
      name !== undefined ? (ENTITIES[name] ?? all) : String.fromCharCode(Number(code)),
  );
