// Which fields a gateway can compute, and the values of one request as rules read them.

import { FIELDS, type FieldName } from './schema/fields.ts';
import type { MaybeValue, ValueOf } from './schema/types.ts';

/**
 * Computes a field from what the gateway has of a request: null if the request has no such value,
 * undefined if it is not known yet. It is called once for a request, if a rule reads the field.
 */
export type Readers<Request> = {
  readonly [Name in FieldName]?: (request: Request) => ValueOf<(typeof FIELDS)[Name]['type']> | null | undefined;
};

export interface Scheme<Request = never> {
  readonly phase: 'request' | 'response';
  /** What a context reads a field by; undefined if the gateway does not compute the field. */
  slotOf(field: string): number | undefined;
  createContext(request: Request): Context;
}

export interface Context {
  read(slot: number): MaybeValue;
}

const NOT_READ = Symbol('not read');

export function createScheme<Request>(phase: Scheme['phase'], readers: Readers<Request>): Scheme<Request> {
  const names = (Object.keys(readers) as FieldName[]).filter((name) => readers[name] && isReadable(phase, name));
  const slots = new Map<string, number>(names.map((name, slot) => [name, slot]));
  const inOrder = names.map((name) => readers[name] as (request: Request) => MaybeValue);
  return {
    phase,
    slotOf: (field) => slots.get(field),
    createContext: (request) => new RequestContext(request, inOrder),
  };
}

const isReadable = (phase: Scheme['phase'], name: FieldName): boolean =>
  phase === 'response' || FIELDS[name].phase === 'request';

class RequestContext<Request> implements Context {
  readonly #request: Request;
  readonly #readers: readonly ((request: Request) => MaybeValue)[];
  readonly #values: (MaybeValue | typeof NOT_READ)[];

  constructor(request: Request, readers: readonly ((request: Request) => MaybeValue)[]) {
    this.#request = request;
    this.#readers = readers;
    this.#values = new Array<typeof NOT_READ>(readers.length).fill(NOT_READ);
  }

  read(slot: number): MaybeValue {
    const value = this.#values[slot];
    if (value !== NOT_READ) return value;
    const computed = this.#readers[slot]?.(this.#request);
    this.#values[slot] = computed;
    return computed;
  }
}
