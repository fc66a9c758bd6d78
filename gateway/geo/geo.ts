// Where addresses are, by the operator's own files: the country and the autonomous system. Loaded
// where a configuration has such files.

import fs from 'node:fs';
import { Reader, type Response } from 'mmdb-lib';
import { ServerError } from '../../runtime/errors.ts';
import type { OnEvent } from '../../runtime/events.ts';
import { describeFileFault } from '../../runtime/file-fault.ts';
import { type Address, formatAddress } from '../addresses/address.ts';
import type { GeoConfig } from './geo-schema.ts';

const LOOK_MS = 5_000;
const MAX_FILE_BYTES = 2 ** 29;
const MAX_ASN = 2 ** 32 - 1;

/** What is known of an address; undefined where nobody knows. */
export interface Geo {
  /** Names its files. */
  readonly key: string;
  countryOf(address: Address): string | undefined;
  asnOf(address: Address): number | undefined;
}

/**
 * @param previous goes on if it is of the same files, which are read again when they change
 * @throws ServerError `GEO_FILE_UNREADABLE`
 */
export function createGeo({ countryFile, asnFile }: GeoConfig, onEvent: OnEvent, previous?: Geo): Geo {
  const key = JSON.stringify([countryFile, asnFile]);
  if (previous?.key === key) return previous;
  const country = countryFile === undefined ? undefined : new GeoFile(countryFile, onEvent);
  const asn = asnFile === undefined ? undefined : new GeoFile(asnFile, onEvent);
  return {
    key,
    countryOf: (address) => countryIn(country?.find(address)),
    asnOf: (address) => asnIn(asn?.find(address)),
  };
}

type Found = { readonly [name: string]: unknown } | undefined;

/** As GeoLite2 and DB-IP have it, and as IPinfo does. */
function countryIn(found: Found): string | undefined {
  const { country, country_code: plain } = found ?? {};
  const nested =
    typeof country === 'object' && country !== null ? (country as { iso_code?: unknown }).iso_code : undefined;
  return [nested, plain, country].find((each): each is string => typeof each === 'string' && /^[A-Z]{2}$/.test(each));
}

function asnIn(found: Found): number | undefined {
  const { autonomous_system_number: number, asn } = found ?? {};
  const value =
    number ?? (typeof asn === 'string' && /^(?:AS)?\d{1,10}$/.test(asn) ? Number(asn.replace('AS', '')) : asn);
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_ASN
    ? (value as number)
    : undefined;
}

/** The last content of a file that could be used. Looks for changes while it is asked. */
class GeoFile {
  readonly #file: string;
  readonly #onEvent: OnEvent;
  #reader: Reader<Response>;
  /** The file's version that was last loaded or refused, and the one last seen. */
  #judged: string;
  #seen: string;
  #lookedAt = performance.now();

  constructor(file: string, onEvent: OnEvent) {
    this.#file = file;
    this.#onEvent = onEvent;
    this.#judged = this.#seen = stampOf(file);
    this.#reader = read(file);
  }

  find(address: Address): Found {
    if (performance.now() - this.#lookedAt >= LOOK_MS) this.#look();
    try {
      return (this.#reader.get(formatAddress(address)) ?? undefined) as Found;
    } catch {
      // A file that is damaged somewhere says nothing of an address there.
      return undefined;
    }
  }

  /** A file that is being written is not read until it is stable. */
  #look(): void {
    this.#lookedAt = performance.now();
    const stamp = stampOf(this.#file);
    const isStable = stamp === this.#seen;
    this.#seen = stamp;
    if (!isStable || stamp === this.#judged) return;
    this.#judged = stamp;
    try {
      this.#reader = read(this.#file);
    } catch (error) {
      const { code, message, hint } = error as ServerError;
      this.#onEvent({ event: 'geo-failed', code, message, hint });
    }
  }
}

/** Also when a rename has replaced it. */
function stampOf(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : 'none';
}

function read(file: string): Reader<Response> {
  try {
    const { size } = fs.statSync(file);
    if (size > MAX_FILE_BYTES) throw new TypeError('larger than any');
    return new Reader(fs.readFileSync(file));
  } catch (cause) {
    const isOfSystem = typeof (cause as NodeJS.ErrnoException).syscall === 'string';
    throw new ServerError(
      'GEO_FILE_UNREADABLE',
      `${file} ${isOfSystem ? describeFileFault(cause) : 'is no database of MaxMind’s format'}`,
      'Name a whole .mmdb file of at most 512 MiB that the gateway may read.',
      { cause },
    );
  }
}
