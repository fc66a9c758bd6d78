// Policies judged as their documentation reads, one question after the other: the oracle of the
// policies that the gateway compiles.

import { type Address, formatAddress } from '../../../../gateway/addresses/address.ts';
import type { EnrolledMethod } from '../../../../gateway/factors/factor.ts';
import type { AccessFacts } from '../../../../gateway/identity/policies/facts.ts';
import type { AccessDecision } from '../../../../gateway/identity/policies/policies.ts';
import type { PolicyConfig, SelectorConfig } from '../../../../gateway/identity/policies/policy-schema.ts';

type Issuers = readonly string[] | undefined;
type Answer = 'yes' | 'no' | 'unknown';

const yesIf = (value: boolean): Answer => (value ? 'yes' : 'no');

function placeHas(place: string, address: Address): Answer {
  const text = formatAddress(address);
  switch (place) {
    case '192.0.2.0/24':
      return yesIf(text.startsWith('192.0.2.'));
    case '2001:db8::/32':
      return yesIf(text.startsWith('2001:db8:'));
    case '$office':
      return yesIf(text === '198.51.100.9');
    default:
      return 'unknown';
  }
}

function askOfCertificate(
  { certificate: wanted, device }: SelectorConfig,
  certificate: AccessFacts['certificate'],
  deviceIssuers: readonly string[] | undefined,
): Answer {
  if (certificate === 'unknown') return 'unknown';
  if (certificate === undefined) return 'no';
  if (wanted === true) return 'yes';
  if (wanted) {
    if (wanted.issuer && !wanted.issuer.some((each) => each === certificate.issuer)) return 'no';
    if (wanted.serial && !wanted.serial.some((each) => each === certificate.serial)) return 'no';
    if (wanted.commonName && !wanted.commonName.some((each) => certificate.commonNames.includes(each))) return 'no';
    if (wanted.email && !wanted.email.some((each) => certificate.emails.includes(each))) return 'no';
    return yesIf(!wanted.dns || wanted.dns.some((each) => certificate.dnsNames.includes(each)));
  }
  if (deviceIssuers === undefined ? !certificate.isOfOnlyCa : deviceIssuers[0] !== certificate.issuer) return 'no';
  const isListed =
    certificate.devices.some((each) => ['C02XL0', 'PF-1'].includes(each.toUpperCase())) ||
    (certificate.issuer.startsWith('bb') && certificate.serial === 'b');
  if (device?.includes('$laptops') && isListed) return 'yes';
  return device?.includes('$lost') ? 'unknown' : 'no';
}

function ask(selector: SelectorConfig, facts: AccessFacts, deviceIssuers: Issuers): Answer {
  const { person, serviceToken, address, certificate, country, asn, factors } = facts;
  if (selector.certificate || selector.device) return askOfCertificate(selector, certificate, deviceIssuers);
  if (selector.country) return country === undefined ? 'unknown' : yesIf(selector.country.includes(country));
  if (selector.asn) return asn === undefined ? 'unknown' : yesIf(selector.asn.includes(asn));
  if (selector.everyone) return 'yes';
  if (selector.factor) {
    if (factors === 'unknown') return 'unknown';
    return yesIf(selector.factor.some((method) => factors?.has(method)));
  }
  if (selector.serviceToken) return yesIf(selector.serviceToken.some((name) => name === serviceToken));
  if (selector.address) {
    if (!address) return 'unknown';
    const answers = selector.address.map((place) => placeHas(place, address));
    if (answers.includes('yes')) return 'yes';
    return answers.includes('unknown') ? 'unknown' : 'no';
  }
  if (person === 'unknown') return 'unknown';
  if (!person) return 'no';
  if ((selector.email ?? selector.emailDomain) && person.email === undefined) return 'unknown';
  if (selector.email) return yesIf(selector.email.some((email) => email === person.email));
  if (selector.emailDomain) return yesIf(selector.emailDomain.some((domain) => person.email?.split('@')[1] === domain));
  if (selector.group) return yesIf(selector.group.some((group) => person.groups.includes(group)));
  if (selector.provider) return yesIf(selector.provider.includes(person.provider));
  const { claim } = selector;
  if (!claim) throw new Error('an empty selector');
  const held = person.claims.get(claim.name) ?? ['nothing'];
  if (held.length === 0) return 'unknown';
  return yesIf(claim.value.some((value) => held.includes(value)));
}

function fits(policy: PolicyConfig, facts: AccessFacts, issuers: Issuers): Answer {
  const included = policy.include.map((selector) => ask(selector, facts, issuers));
  const required = policy.require.map((selector) => ask(selector, facts, issuers));
  const excluded = policy.exclude.map((selector) => ask(selector, facts, issuers));
  if (!included.some((answer) => answer !== 'no')) return 'no';
  if (required.includes('no') || excluded.includes('yes')) return 'no';
  return included.includes('yes') && !required.includes('unknown') && !excluded.includes('unknown') ? 'yes' : 'unknown';
}

/** A path as somebody may read it. */
interface Read {
  readonly path: string;
  /** As routers do: in any case, and with a format. */
  readonly loosely: boolean;
}

function readsOf(path: string): readonly Read[] {
  const names = path.split('/').map((name) => name.trim().toLowerCase());
  const reads = [{ path, loosely: false }];
  for (let i = 0; i <= names.length; i++) {
    if (i > 0 && !(names[i - 1] ?? '').endsWith('.php')) continue;
    const [before, behind] = [names.slice(0, Math.max(0, i - 1)), names.slice(i)];
    if (i > 0 && behind.length === 0) continue;
    const all =
      i === 0
        ? [names]
        : [
            ['', ...behind],
            [...before, ...behind],
          ];
    reads.push(...all.map((each) => ({ path: each.join('/'), loosely: true })));
  }
  return reads;
}

function isBelow({ path, loosely }: Read, folder: string): boolean {
  const rest = path.startsWith(folder) ? path.slice(folder.length) : undefined;
  if (rest === undefined) return false;
  return rest === '' || rest.startsWith('/') || (loosely && /^\.[^/]*\/*$/.test(rest));
}

function reach(policy: PolicyConfig, read: Read): number {
  let longest = 0;
  for (const prefix of policy.paths) {
    const folder = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
    const isHere = isBelow(read, read.loosely ? folder.toLowerCase() : folder);
    if (isHere) longest = Math.max(longest, folder.length + 1);
  }
  return longest;
}

const FOREVER = 2 ** 50;
const isTooOld = ({ session }: PolicyConfig, { signedInMs = 0, idledMs = 0 }: AccessFacts): boolean =>
  signedInMs >= (session?.absolute ?? FOREVER) || idledMs >= (session?.idle ?? FOREVER);

/** With each of them alone, the policy would fit. */
function lackedBy(policy: PolicyConfig, facts: AccessFacts, issuers: Issuers): EnrolledMethod[] {
  const named = [...policy.include, ...policy.require].flatMap((selector) => selector.factor ?? []);
  return named.filter((method) => {
    const shown = new Set([method, ...(facts.factors instanceof Set ? facts.factors : [])]);
    return fits(policy, { ...facts, factors: shown }, issuers) === 'yes';
  });
}

function judgeOne(policies: readonly PolicyConfig[], facts: AccessFacts, read: Read, issuers: Issuers): AccessDecision {
  for (const policy of policies)
    if (policy.action === 'block' && reach(policy, read) > 0 && fits(policy, facts, issuers) !== 'no')
      return { verdict: 'denied', policy: policy.name };
  const others = policies.filter(({ action }) => action !== 'block');
  const longest = Math.max(0, ...others.map((policy) => reach(policy, read)));
  const near = longest === 0 ? [] : others.filter((policy) => reach(policy, read) === longest);
  for (const policy of near)
    if (policy.action === 'bypass' && fits(policy, facts, issuers) === 'yes')
      return { verdict: 'bypass', policy: policy.name };
  for (const policy of near)
    if (policy.action === 'service' && facts.serviceToken !== undefined && fits(policy, facts, issuers) === 'yes')
      return { verdict: 'service', policy: policy.name };
  for (const policy of near)
    if (policy.action === 'allow' && facts.person && fits(policy, facts, issuers) === 'yes' && !isTooOld(policy, facts))
      return { verdict: 'allow', policy: policy.name };
  const allows = near.filter(({ action }) => action === 'allow' && facts.person !== undefined);
  const old = allows.filter(
    (policy) =>
      isTooOld(policy, facts) &&
      (fits(policy, facts, issuers) === 'yes' || lackedBy(policy, facts, issuers).length > 0),
  );
  if (old.length > 0) {
    const longest = Math.max(...old.map(({ session }) => session?.absolute ?? FOREVER));
    const lasting = old.filter(({ session }) => (session?.absolute ?? FOREVER) === longest);
    const idle = Math.max(...lasting.map(({ session }) => session?.idle ?? FOREVER));
    return {
      verdict: 'sign-in',
      policy: undefined,
      maxAgeMs: longest === FOREVER ? undefined : longest,
      maxIdleMs: idle === FOREVER ? undefined : idle,
    };
  }
  const anybody = { ...facts, person: 'unknown', factors: 'unknown' } as const;
  for (const policy of near)
    if (policy.action === 'allow' && !facts.person && fits(policy, anybody, issuers) !== 'no')
      return { verdict: 'sign-in', policy: undefined };
  const methods = allows
    .filter((policy) => !isTooOld(policy, facts))
    .flatMap((policy) => lackedBy(policy, facts, issuers));
  if (methods.length > 0) return { verdict: 'step-up', policy: undefined, methods: [...new Set(methods)] };
  return { verdict: 'denied', policy: undefined };
}

const ORDER = ['denied', 'sign-in', 'step-up', 'service', 'allow', 'bypass'];

export function judgeNaively(
  policies: readonly PolicyConfig[],
  facts: AccessFacts,
  paths: readonly string[],
  deviceIssuers?: Issuers,
): AccessDecision {
  let worst: AccessDecision | undefined;
  for (const path of paths)
    for (const read of readsOf(path)) {
      const decision = judgeOne(policies, facts, read, deviceIssuers);
      if (!worst || ORDER.indexOf(decision.verdict) < ORDER.indexOf(worst.verdict)) worst = decision;
    }
  if (!worst) throw new Error('no path');
  return worst;
}
