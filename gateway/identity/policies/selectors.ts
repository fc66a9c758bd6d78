// Selectors of policies: what each asks of a request.

import { type Address, compareAddresses } from '../../addresses/address.ts';
import { type AddressRange, parseNetwork } from '../../addresses/network.ts';
import type { FindList } from '../../rules/compile-expression.ts';
import { anyOf } from '../../rules/kleene.ts';
import type { Trilean } from '../../rules/schema/types.ts';
import type { Person } from '../person.ts';
import type { AccessFacts } from './facts.ts';
import type { SelectorConfig } from './policy-schema.ts';

export interface Selector {
  /** As the configuration names it. */
  readonly kind: keyof SelectorConfig;
  /** Unknown if it depends on a list that is too old, or on what nobody knows of the person. */
  test(facts: AccessFacts): Trilean;
}

type Kinds = { readonly [Kind in keyof SelectorConfig]-?: NonNullable<SelectorConfig[Kind]> };
type Compile<Kind extends keyof Kinds> = (value: Kinds[Kind], findList: FindList) => Selector['test'];

const COMPILERS: { readonly [Kind in keyof Kinds]: Compile<Kind> } = {
  everyone: () => () => true,
  // Who takes the proof of an address back is not let through a block of it.
  email: (emails) => ofPerson(({ email }) => (email === undefined ? undefined : emails.includes(email))),
  emailDomain: (domains) =>
    ofPerson(({ email }) => (email === undefined ? undefined : domains.includes(domainOf(email)))),
  group: (names) => ofPerson(({ groups }) => names.some((name) => groups.includes(name))),
  claim: ({ name, value }) =>
    ofPerson(({ claims }) => {
      const held = claims.get(name);
      // It is there, and cannot be read.
      return held?.length === 0 ? undefined : held?.some((one) => value.includes(one)) === true;
    }),
  provider: (names) => ofPerson(({ provider }) => names.includes(provider)),
  address: (places, findList) => {
    const tests = places.map((place) => addressTest(place, findList));
    return ({ address }) => (address ? anyOf(tests.map((test) => test(address))) : undefined);
  },
  serviceToken:
    (names) =>
    ({ serviceToken }) =>
      serviceToken !== undefined && names.includes(serviceToken),
};

/** @throws TypeError for a list that does not exist: the configuration was not checked */
export function compileSelector(config: SelectorConfig, findList: FindList): Selector {
  const [kind] = Object.keys(config).filter((key) => config[key as keyof Kinds] !== undefined) as [keyof Kinds];
  const compile = COMPILERS[kind] as (value: unknown, findList: FindList) => Selector['test'];
  return { kind, test: compile(config[kind], findList) };
}

const ofPerson =
  (test: (person: Person) => Trilean): Selector['test'] =>
  ({ person }) =>
    person === 'unknown' ? undefined : person === undefined ? false : test(person);

/** Of an address with two `@` it is no domain that anybody lists. */
const domainOf = (email: string): string => email.slice(email.indexOf('@') + 1);

function addressTest(place: string, findList: FindList): (address: Address) => Trilean {
  if (!place.startsWith('$')) {
    const network = parseNetwork(place);
    if (!network) throw new TypeError('a network of a policy is malformed');
    return (address) => isIn(network, address);
  }
  const list = findList(place.slice(1));
  if (list?.kind !== 'ip') throw new TypeError('a policy names a list that is no list of addresses');
  return (address) => list.has(address);
}

const isIn = ({ first, last }: AddressRange, address: Address): boolean =>
  address.family === first.family && compareAddresses(first, address) <= 0 && compareAddresses(address, last) <= 0;
