// JSON of which two readers cannot see different values: I-JSON (RFC 7493) in UTF-8, without a byte
// order mark, without two members of one name and without unpaired surrogates. PROTOCOL.md §8.

import { refuseMember } from './members.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;
const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** @param what the document's name in an error message @throws MemberError */
export function parseStrictJson(bytes: Uint8Array, what: string): unknown {
  let json: string;
  let value: unknown;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(json);
  } catch {
    refuseMember(`${what} is not JSON in UTF-8`);
  }
  checkStrings(json, what);
  return value;
}

/** @param json text that JSON.parse has accepted */
function checkStrings(json: string, what: string): void {
  /** The names so far in each open object; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const names = open.at(-1);
      if (names?.has(last)) refuseMember(`${what} has two members of one name`);
      names?.add(last);
    } else {
      last = JSON.parse(token) as string;
      if (UNPAIRED_SURROGATE.test(last)) refuseMember(`${what} has an unpaired surrogate`);
    }
  }
}
