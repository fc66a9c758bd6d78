// The content of the client file: a strict parser of its JSON. PROTOCOL.md §18.
//
// Every process of a server parses the list, and loading zod for it would cost each 70 ms.

import type { ClientId } from '../protocol/brands.ts';
import { HEX16, NAME } from '../protocol/ids.ts';
import { MAX_QUOTA, type Quotas } from './quota/policy.ts';

export const CLIENT_LIST_FORMAT = 1;
const MAX_CLIENTS = 65_536;

/** A client of the service. */
export interface Client {
  readonly id: ClientId;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** SHA-256 of the key's text. */
  readonly keyDigest?: string;
  /** SHA-256 of the certificate in DER, for a client that has one instead of a key. */
  readonly certificate?: string;
  /** It may hold a copy of all buckets. */
  readonly replica?: true;
  readonly quotas: Quotas;
}

interface ClientList {
  readonly format: typeof CLIENT_LIST_FORMAT;
  readonly clients: readonly Client[];
}

/** A value that the format does not allow. Repeats nothing of the file. */
export class ClientListError extends Error {
  override name = 'ClientListError';
  /** Where it is, such as `clients.0.name`. Empty for the whole list. */
  readonly place: string;

  constructor(place: string) {
    super(`not a valid list of clients at ${place || 'its top'}`);
    this.place = place;
  }
}

/**
 * Parses the text of the client file.
 * @throws ClientListError
 * @throws SyntaxError if it is not JSON; the message may quote it
 */
export function parseClientList(text: string): readonly Client[] {
  const { clients } = parseMembers(JSON.parse(text), '', LIST_MEMBERS);
  for (const name of UNIQUE) if (!isUnique(clients, name)) throw new ClientListError('');
  return clients;
}

/** @param place names the value in an error @throws ClientListError */
type Parse<T> = (value: unknown, place: string) => T;

interface Member<T> {
  readonly parse: Parse<T>;
  readonly isOptional: boolean;
}

/** One entry for each member of an object. */
type Members<T> = { readonly [Name in keyof T]-?: Member<NonNullable<T[Name]>> };

const required = <T>(parse: Parse<T>): Member<T> => ({ parse, isOptional: false });
const optional = <T>(parse: Parse<T>): Member<T> => ({ parse, isOptional: true });

/** Refuses members that the table lacks: a misspelt quota would not limit anything. */
function parseMembers<T>(value: unknown, place: string, members: Members<T>): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ClientListError(place);
  const given = value as Record<string, unknown>;
  if (Object.keys(given).some((name) => !Object.hasOwn(members, name))) throw new ClientListError(place);
  const parsed: Partial<T> = {};
  for (const name of Object.keys(members) as (keyof T & string)[]) {
    const { parse, isOptional } = members[name];
    if (isOptional && given[name] === undefined) continue;
    parsed[name] = parse(given[name], place === '' ? name : `${place}.${name}`);
  }
  return parsed as T;
}

const text =
  <T extends string = string>(isValid: (text: string) => boolean): Parse<T> =>
  (value, place) => {
    if (typeof value !== 'string' || !isValid(value)) throw new ClientListError(place);
    return value as T;
  };

const matching = <T extends string = string>(pattern: RegExp): Parse<T> => text<T>((value) => pattern.test(value));

const parseQuota: Parse<number> = (value, place) => {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > MAX_QUOTA)
    throw new ClientListError(place);
  return value as number;
};

const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z$/;

/** Also refuses days that do not exist, which Date would move into the next month. */
function isUtcTime(value: string): boolean {
  const time = UTC_TIME.test(value) ? Date.parse(value) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value.slice(0, 'YYYY-MM-DDTHH'.length));
}

const parseDigest = matching(/^[0-9a-f]{64}$/);

const parseTrue: Parse<true> = (value, place) => {
  if (value !== true) throw new ClientListError(place);
  return true;
};

const QUOTA_MEMBERS: Members<Quotas> = {
  'requests-per-minute': optional(parseQuota),
  'requests-per-day': optional(parseQuota),
  'evaluations-per-minute': optional(parseQuota),
  'evaluations-per-day': optional(parseQuota),
  'bytes-per-day': optional(parseQuota),
};

const CLIENT_MEMBERS: Members<Client> = {
  id: required(matching<ClientId>(HEX16)),
  name: required(matching(NAME)),
  created: required(text(isUtcTime)),
  keyDigest: optional(parseDigest),
  certificate: optional(parseDigest),
  replica: optional(parseTrue),
  quotas: required((value, place) => parseMembers(value, place, QUOTA_MEMBERS)),
};

const parseClient: Parse<Client> = (value, place) => {
  const client = parseMembers(value, place, CLIENT_MEMBERS);
  if ((client.keyDigest === undefined) === (client.certificate === undefined)) throw new ClientListError(place);
  return client;
};

const LIST_MEMBERS: Members<ClientList> = {
  format: required((value, place) => {
    if (value !== CLIENT_LIST_FORMAT) throw new ClientListError(place);
    return CLIENT_LIST_FORMAT;
  }),
  clients: required((value, place) => {
    if (!Array.isArray(value) || value.length > MAX_CLIENTS) throw new ClientListError(place);
    return (value as unknown[]).map((client, i) => parseClient(client, `${place}.${i}`));
  }),
};

/** Members whose value belongs to one client only. */
const UNIQUE = ['id', 'name', 'keyDigest', 'certificate'] as const;

function isUnique(clients: readonly Client[], name: (typeof UNIQUE)[number]): boolean {
  const values = clients.flatMap((client) => client[name] ?? []);
  return new Set(values).size === values.length;
}
