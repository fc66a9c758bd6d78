// Who is signed in, asked of the application itself with the cookies of a browser.

import type { Origin } from '../upstream/origin.ts';
import type { Signed } from './hold-exchange.ts';
import type { Whoami } from './hold-rules.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 2 ** 18;
const MAX_NAME_BYTES = 1_024;

/** @param headers of the request, names and values in turn */
export async function askWhoami(
  { pool }: Pick<Origin, 'pool'>,
  { path, after, before }: Whoami,
  headers: readonly string[],
): Promise<Signed> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers: [...headers], signal });
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= MAX_BYTES) break;
    }
    if (statusCode >= 500) return 'unknown';
    return { user: statusCode === 200 ? between(Buffer.concat(pieces), after, before) : undefined };
  } catch {
    return 'unknown';
  }
}

function between(page: Buffer, after: string, before: string): string | undefined {
  const at = page.indexOf(after);
  if (at < 0) return undefined;
  const begin = at + Buffer.byteLength(after);
  const end = page.indexOf(before, begin);
  if (end < 0 || end - begin > MAX_NAME_BYTES) return undefined;
  const name = unescapeHtml(page.toString('utf8', begin, end)).trim();
  return name === '' ? undefined : name;
}

const ENTITIES: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The characters that pages escape. */
const unescapeHtml = (text: string): string =>
  text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#0*(\d{2,3}));/g,
    (all, name: string | undefined, code: string | undefined) =>
      name !== undefined ? (ENTITIES[name] ?? all) : String.fromCharCode(Number(code)),
  );
