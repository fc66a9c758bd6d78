// Turns the rows of tables and objects into credentials, by the places of their columns.

import type { Credential } from '../../../store/run/credential-records.ts';
import { HASH_BYTES } from '../../../store/run/range-record.ts';
import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { ColumnPlaces, SecretKind } from '../columns.ts';
import type { CredentialSink } from '../format.ts';
import { isHex } from '../hashes/hash-kinds.ts';
import { hexOfBase64Sha1 } from '../hashes/hash-list.ts';

/** Returns a cell's text, or undefined if the row lacks it. */
export type CellOf = (place: number) => string | undefined;

export interface RowRules {
  readonly kind: SecretKind;
  /** The exact text of a cell that means an empty field, such as `<blank>`. */
  readonly blank?: string | undefined;
}

/** Hands on the credentials of a row, or one reject. */
export function takeRow(sink: CredentialSink, places: Places, cell: CellOf, rules: RowRules): void {
  const parsed = readRow(places, cell, rules);
  if (typeof parsed === 'string') sink.reject(parsed, exampleOf(places, cell));
  else for (const credential of parsed) sink.credential(credential);
}

/** The cells that are read, for a masked example. */
export function exampleOf({ usernames, secret, count }: Places, cell: CellOf): Uint8Array {
  const read = [...usernames, secret, ...(count === undefined ? [] : [count])].map((place) => cell(place) ?? '');
  return Buffer.from(read.some((text) => text !== '') ? read.join(', ') : '');
}

type Places = Pick<ColumnPlaces, 'usernames' | 'secret' | 'count'>;

/**
 * One credential for each login of a row. A cell without a login costs nothing while another has
 * one, and a row without any login is its password alone (PROTOCOL.md §11). A row of a hash has one
 * without username.
 */
function readRow(places: Places, cell: CellOf, { kind, blank }: RowRules): readonly Credential[] | RejectReason {
  const secretCell = cell(places.secret);
  if (secretCell === undefined) return 'missing-column';
  const logins = loginsOf(places, cell, blank);
  if (typeof logins === 'string') return logins;
  if (secretCell === '') return logins?.length === 0 ? 'empty-username' : 'empty-password';
  const times = timesOf(places, cell);
  if (times === 0) return 'bad-count';
  if (kind !== 'password') {
    const hash = (kind === 'sha1' ? hexOfBase64Sha1(secretCell) : undefined) ?? secretCell;
    return isHash(hash, 2 * HASH_BYTES[kind]) ? [{ password: hash, times }] : 'bad-hash';
  }
  const password = secretCell === blank ? '' : plaintextOf(secretCell);
  if (logins !== undefined && logins.length > 0) return logins.map((username) => ({ username, password, times }));
  return password === '' ? 'empty-password' : [{ password, times }];
}

/** @returns undefined for a table without usernames, none for a row of which all are empty */
function loginsOf(
  { usernames }: Places,
  cell: CellOf,
  blank: string | undefined,
): readonly string[] | 'missing-column' | undefined {
  if (usernames.length === 0) return undefined;
  const present = usernames.map(cell).filter((text) => text !== undefined);
  if (present.length === 0) return 'missing-column';
  const filled = new Set(present.filter((text) => text.trim() !== '' && text !== blank));
  if (filled.size > 0) return [...filled];
  // The marker says that the login is empty; an empty cell does not.
  return blank !== undefined && present.includes(blank) ? [''] : [];
}

/** @returns 0 if it is not a count */
function timesOf({ count }: Places, cell: CellOf): number {
  if (count === undefined) return 1;
  const text = cell(count)?.trim() ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

const HASHED_AND_PLAIN = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}) \(/i;

/** Cracked dumps write `hash (plain)` in place of a password, and `$HEX[…]`. */
function plaintextOf(text: string): string {
  const start = text.endsWith(')') ? HASHED_AND_PLAIN.exec(text)?.[0].length : undefined;
  return decodeHexNotation(start === undefined ? text : text.slice(start, -1));
}

const isHash = (text: string, digits: number): boolean => text.length === digits && isHex(text);
