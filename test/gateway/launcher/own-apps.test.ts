// Which applications a person is shown: those whose policies let them in, and no other.

import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../gateway/addresses/address.ts';
import type { Application } from '../../../gateway/applications.ts';
import type { Person } from '../../../gateway/identity/person.ts';
import { compilePolicies } from '../../../gateway/identity/policies/policies.ts';
import type { PolicyConfig, SelectorConfig } from '../../../gateway/identity/policies/policy-schema.ts';
import { browserNameOf } from '../../../gateway/identity/sessions/browser-name.ts';
import { ownAppsOf, type Visitor } from '../../../gateway/launcher/own-apps.ts';
import { judgeNaively } from '../../support/gateway/identity/naive-policies.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { findList, randomFacts, randomPolicies } from '../../support/gateway/identity/random-policies.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const OWN = 'https://auth.example.com:8443';
const ALL: PolicyConfig = {
  name: 'all',
  action: 'allow',
  include: [{ everyone: true }],
  require: [],
  exclude: [],
  paths: ['/'],
};
const COUNT = Number(process.env.CREDVEIL_TEST_LAUNCHER_CASES ?? 2_000);

function appOf(
  name: string,
  policies: readonly PolicyConfig[],
  keys: object = {},
  providers = ['staff', 'work', 'guests'],
  hosts?: readonly string[],
) {
  return {
    name,
    config: { access: { launcher: true, ...keys } },
    access: compilePolicies(policies, { findList }),
    sessionRules: { providers: new Set(providers), hosts: new Set(hosts ?? [name.split('/')[0]]) },
  } as unknown as Application;
}

const isShownThere = ({ certificate, device, factor, address, country, asn }: SelectorConfig): boolean =>
  [certificate, device, factor, address, country, asn].some((each) => each !== undefined);

/** What a policy asks of somebody whose device is as good as it may be; none if it asks nothing. */
function hopedFor(policy: PolicyConfig): PolicyConfig[] {
  const { action, include, require, exclude } = policy;
  const others = (selectors: readonly SelectorConfig[]) => selectors.filter((each) => !isShownThere(each));
  if (action === 'block')
    return [...require, ...exclude].some(isShownThere) || others(include).length === 0
      ? []
      : [{ ...policy, include: others(include) }];
  const isIncluded = include.some(isShownThere);
  const included = isIncluded ? [{ everyone: true as const }] : include;
  return [{ ...policy, include: included, require: others(require), exclude: others(exclude) }];
}

const ANN = { person: personOf('ann'), address: parseAddress('192.0.2.7') };
const urls = (apps: readonly Application[], visitor: Visitor = ANN) =>
  ownAppsOf(apps, visitor, OWN).map(({ url }) => url);

describe('a person is shown', () => {
  test('applications by their labels, at the port of the gateway, where they begin', () => {
    const apps = [
      appOf('z.example.com', [ALL], { label: 'A wiki' }),
      appOf('example.com/b/', [ALL]),
      appOf('a.example.com', [ALL], { label: 'b' }),
    ];
    expect(ownAppsOf(apps, ANN, OWN)).toEqual([
      { label: 'A wiki', url: 'https://z.example.com:8443/', place: 'z.example.com:8443', needs: [] },
      { label: 'b', url: 'https://a.example.com:8443/', place: 'a.example.com:8443', needs: [] },
      { label: 'example.com:8443/b/', url: 'https://example.com:8443/b/', place: '', needs: [] },
    ]);
  });

  test('the first path that lets them in, where the beginning does not', () => {
    const below = [
      { ...ALL, name: 'finance', include: [{ group: ['finance'] }] },
      { ...ALL, paths: ['/docs/'] },
    ];
    expect(urls([appOf('a.example', below)])).toEqual(['https://a.example:8443/docs']);
    // Of another application at the same host.
    expect(urls([appOf('a.example/admin', [{ ...ALL, paths: ['/docs', '/adminx'] }])])).toEqual([]);
    expect(urls([appOf('a.example/admin', [{ ...ALL, paths: ['/admin/help'] }])])).toEqual([
      'https://a.example:8443/admin/help',
    ]);
  });

  test('none that is hidden, has patterns alone for hosts, or is open to everybody', () => {
    const open = { name: 'open.example', config: {} } as unknown as Application;
    expect(
      urls([open, appOf('*.example', [ALL]), appOf('*', [ALL]), appOf('h.example', [ALL], { launcher: false })]),
    ).toEqual([]);
  });

  test('the hosts of a pattern where people sign in', () => {
    expect(urls([appOf('*.example', [ALL], {}, ['staff'], ['a.example', 'b.example'])])).toEqual([
      'https://a.example:8443/',
      'https://b.example:8443/',
    ]);
  });

  test('what an application takes beside who they are, and the least of it', () => {
    const needsOf = (...policies: readonly PolicyConfig[]) =>
      ownAppsOf([appOf('a.example', policies)], ANN, OWN).map(({ url, needs }) => [new URL(url).pathname, ...needs]);
    const managed = { ...ALL, require: [{ device: ['$laptops'] }] };
    const away = { ...ALL, require: [{ address: ['2001:db8::/32'] }] };
    expect(needsOf(managed)).toEqual([['/', 'device']]);
    expect(needsOf(away)).toEqual([['/', 'place']]);
    expect(needsOf({ ...ALL, require: [...managed.require, ...away.require] })).toEqual([['/', 'device', 'place']]);
    expect(needsOf(managed, { ...ALL, name: 'open', paths: ['/open'] })).toEqual([['/open']]);
    expect(needsOf({ ...ALL, require: [{ factor: ['totp'] }] })).toEqual([['/']]);
    expect(needsOf(ALL, { ...ALL, name: 'gone', action: 'block', include: [{ country: ['DE'] }] })).toEqual([
      ['/', 'place'],
    ]);
    expect(needsOf({ ...ALL, include: [{ serviceToken: ['deploy'] }], action: 'service' })).toEqual([]);
    expect(needsOf({ ...away, include: [{ group: ['finance'] }] })).toEqual([]);
  });

  test('those that ask for a device, which shows there alone', () => {
    const managed = { ...ALL, require: [{ device: ['$laptops'] }] };
    expect(urls([appOf('a.example', [managed])])).toHaveLength(1);
    expect(
      urls([appOf('a.example', [ALL, { ...ALL, action: 'block', exclude: [{ certificate: true }] }])]),
    ).toHaveLength(1);
    expect(urls([appOf('a.example', [{ ...managed, include: [{ group: ['finance'] }] }])])).toEqual([]);
  });

  test('none that takes people of other providers alone, unless it takes everybody', () => {
    expect(urls([appOf('a.example', [ALL], {}, ['guests'])])).toEqual([]);
    expect(urls([appOf('a.example', [{ ...ALL, action: 'bypass' }], {}, ['guests'])])).toHaveLength(1);
  });

  test('none that policies keep them from, whatever they are', () => {
    const seed = testSeed('own apps');
    const random = createRandom(seed);
    let shown = 0;
    for (let i = 0; i < COUNT; i++) {
      const policies = randomPolicies(random);
      const { person, address, country, asn } = randomFacts(random);
      const geo = { key: '', countryOf: () => country, asnOf: () => asn };
      const where = address ? { address, country, asn } : { address, country: undefined, asn: undefined };
      const facts = { ...where, serviceToken: undefined, certificate: 'unknown' } as const;
      if (!person || person === 'unknown') continue;
      const [link] = urls([appOf('a.example', policies)], { person: person as Person, address, geo });
      const hopeful = policies.flatMap(hopedFor);
      const may = (path: string) => {
        const { verdict } = judgeNaively(hopeful, { ...facts, person }, [path]);
        return verdict === 'allow' || verdict === 'bypass';
      };
      const places = policies.flatMap(({ paths }) => paths.map((path) => path.replace(/(?<=.)\/$/, '')));
      const told = `seed ${seed}, case ${i}`;
      if (link === undefined) expect(['/', ...places].some(may), told).toBe(false);
      else expect(may(new URL(link).pathname), told).toBe(true);
      shown += link === undefined ? 0 : 1;
    }
    expect(shown).toBeGreaterThan(COUNT / 20);
  });
});

describe('a browser', () => {
  test.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36 Edg/140',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Mobile Safari/604',
      'Safari on iPhone',
    ],
    ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537', 'Chrome on Android'],
    ['"><script>alert(1)</script>', 'A browser'],
    [undefined, 'A browser'],
  ])('of %s is named by the names that are known', (userAgent, name) => {
    expect(browserNameOf(userAgent)).toBe(name);
  });
});
