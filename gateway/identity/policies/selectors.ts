// Selectors of policies: what each asks of a request.

import { type Address, compareAddresses } from '../../addresses/address.ts';
import { type AddressRange, parseNetwork } from '../../addresses/network.ts';
import { type ClientCertificate, idOf } from '../../devices/certificate/client-certificate.ts';
import { normalSerial } from '../../lists/formats/serial.ts';
import type { TextList } from '../../lists/list.ts';
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

/** What selectors refer to. */
export interface SelectorParts {
  readonly findList: FindList;
  /**
   * Key hashes of CAs that say what a device is called. Default: the CA of the certificate, where
   * it is the only one.
   */
  readonly deviceIssuers?: readonly string[] | undefined;
}

type Kinds = { readonly [Kind in keyof SelectorConfig]-?: NonNullable<SelectorConfig[Kind]> };
type Compile<Kind extends keyof Kinds> = (value: Kinds[Kind], parts: SelectorParts) => Selector['test'];

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
  address: (places, { findList }) => {
    const tests = places.map((place) => addressTest(place, findList));
    return ({ address }) => (address ? anyOf(tests.map((test) => test(address))) : undefined);
  },
  serviceToken:
    (names) =>
    ({ serviceToken }) =>
      serviceToken !== undefined && names.includes(serviceToken),
  country:
    (countries) =>
    ({ country }) =>
      country === undefined ? undefined : countries.includes(country),
  asn:
    (numbers) =>
    ({ asn }) =>
      asn === undefined ? undefined : numbers.includes(asn),
  certificate: (wanted) => ofCertificate((certificate) => wanted === true || isWanted(certificate, wanted)),
  device: (names, { findList, deviceIssuers }) => {
    const lists = names.map((name) => textList(name, findList));
    return ofCertificate((certificate) => {
      const { issuer, isOfOnlyCa } = certificate;
      const isOfIssuer = deviceIssuers ? deviceIssuers.includes(issuer) : isOfOnlyCa;
      return isOfIssuer && anyOf(lists.flatMap((list) => deviceNames(certificate).map((name) => list.has(name))));
    });
  },
  factor:
    (methods) =>
    ({ factors }) =>
      factors === 'unknown' ? undefined : factors !== undefined && methods.some((method) => factors.has(method)),
};

/** @throws TypeError for a list that does not exist: the configuration was not checked */
export function compileSelector(config: SelectorConfig, parts: SelectorParts): Selector {
  const [kind] = Object.keys(config).filter((key) => config[key as keyof Kinds] !== undefined) as [keyof Kinds];
  const compile = COMPILERS[kind] as (value: unknown, parts: SelectorParts) => Selector['test'];
  return { kind, test: compile(config[kind], parts) };
}

const ofPerson =
  (test: (person: Person) => Trilean): Selector['test'] =>
  ({ person }) =>
    person === 'unknown' ? undefined : person === undefined ? false : test(person);

const ofCertificate =
  (test: (certificate: ClientCertificate) => Trilean): Selector['test'] =>
  ({ certificate }) =>
    certificate === 'unknown' ? undefined : certificate !== undefined && test(certificate);

type Wanted = Exclude<NonNullable<SelectorConfig['certificate']>, true>;

/** All that is wanted, and any of the values of each. */
function isWanted(certificate: ClientCertificate, { issuer, serial, commonName, email, dns }: Wanted): boolean {
  const has = (wanted: readonly string[] | undefined, held: readonly string[]): boolean =>
    !wanted || held.some((one) => wanted.includes(one));
  return (
    has(issuer, [certificate.issuer]) &&
    has(serial, [certificate.serial]) &&
    has(commonName, certificate.commonNames) &&
    has(email, certificate.emails) &&
    has(dns, certificate.dnsNames)
  );
}

/** What a list may call it: the certificate itself, or the device. */
const deviceNames = (certificate: ClientCertificate): string[] => [
  idOf(certificate),
  ...certificate.devices.flatMap((name) => normalSerial(name) ?? []),
];

function textList(name: string, findList: FindList): TextList {
  const list = findList(name.slice(1));
  if (list?.kind !== 'string') throw new TypeError('a policy names a list that is no list of devices');
  return list;
}

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
