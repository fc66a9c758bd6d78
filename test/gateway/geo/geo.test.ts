// Countries and networks of addresses, from files in MaxMind's format.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parseAddress } from '../../../gateway/addresses/address.ts';
import { createGeo, type Geo } from '../../../gateway/geo/geo.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { createWorkPlace } from '../../support/credveil.ts';
import { accessWorld } from '../../support/gateway/identity/access-world.ts';
import { mmdbOf } from '../../support/gateway/mmdb.ts';

const COUNTRIES = {
  '192.0.2.0/24': { country: { iso_code: 'AT' } },
  '198.51.100.0/25': { country: 'DE', country_code: 'DE' },
  '198.51.100.128/25': { country: { iso_code: 'Germany' } },
  '2001:db8:1::/48': { country: { iso_code: 'FR' } },
};
const NETWORKS = {
  '192.0.2.0/24': { autonomous_system_number: 64_496 },
  '198.51.100.0/24': { asn: 'AS64497' },
  '203.0.113.0/24': { asn: 'none' },
};

function files(countries: Buffer = mmdbOf(COUNTRIES), networks: Buffer = mmdbOf(NETWORKS)) {
  const { home } = createWorkPlace();
  const [countryFile, asnFile] = [path.join(home, 'country.mmdb'), path.join(home, 'asn.mmdb')];
  fs.writeFileSync(countryFile, countries);
  fs.writeFileSync(asnFile, networks);
  return { countryFile, asnFile };
}

const look = (geo: Geo, text: string) => {
  const address = parseAddress(text);
  if (!address) throw new Error('no address');
  return [geo.countryOf(address), geo.asnOf(address)];
};

describe('an address', () => {
  test.each([
    ['192.0.2.7', ['AT', 64_496]],
    ['198.51.100.7', ['DE', 64_497]],
    ['198.51.100.200', [undefined, 64_497]],
    ['2001:db8:1::7', ['FR', undefined]],
    ['203.0.113.7', [undefined, undefined]],
    ['10.0.0.1', [undefined, undefined]],
    ['2001:db8:2::7', [undefined, undefined]],
  ] as const)('%s is in %j', (address, expected) => {
    expect(
      look(
        createGeo(files(), () => undefined),
        address,
      ),
    ).toEqual(expected);
  });

  test('is in no country where a file is damaged', () => {
    const whole = mmdbOf(COUNTRIES);
    const { countryFile } = files();
    for (let at = 0; at < whole.length; at += 11) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0xff;
      fs.writeFileSync(countryFile, damaged);
      let geo: Geo;
      try {
        geo = createGeo({ countryFile }, () => undefined);
      } catch (error) {
        expect(error).toMatchObject({ code: 'GEO_FILE_UNREADABLE' });
        continue;
      }
      expect([undefined, 'AT', 'DE', 'FR']).toContain(look(geo, '192.0.2.7')[0]);
    }
  });

  test.each(['', 'x'.repeat(100)])('is not looked up in a file of %j', (content) => {
    expect(() => createGeo(files(Buffer.from(content)), () => undefined)).toThrow('no database');
    expect(() => createGeo({ countryFile: '/nonexistent' }, () => undefined)).toThrow('/nonexistent');
  });

  test('is looked up in a new file, once that can be read', () => {
    const names = files();
    const events: ServerEvent[] = [];
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const geo = createGeo(names, (event) => void events.push(event));
      const later = (address = '192.0.2.7') => {
        vi.advanceTimersByTime(6_000);
        look(geo, address);
        vi.advanceTimersByTime(6_000);
        return look(geo, address)[0];
      };
      fs.writeFileSync(names.countryFile, 'x');
      expect(later()).toBe('AT');
      expect(later()).toBe('AT');
      expect(events).toMatchObject([{ event: 'geo-failed', code: 'GEO_FILE_UNREADABLE' }]);
      fs.writeFileSync(`${names.countryFile}.new`, mmdbOf({ '192.0.2.0/24': { country: { iso_code: 'IT' } } }));
      fs.renameSync(`${names.countryFile}.new`, names.countryFile);
      expect(later()).toBe('IT');
    } finally {
      vi.useRealTimers();
    }
  });
});

test('policies let in by country and network, and never by what nobody knows', async () => {
  const { countryFile, asnFile } = files();
  const { send } = await accessWorld(
    `      policies:
        - { name: here, action: bypass, include: [{ country: [at, FR] }] }
        - { name: known, action: bypass, include: [{ everyone: true }], exclude: [{ asn: 64497 }], paths: /known }
        - { name: gone, action: block, include: [{ country: IT }], paths: /block }
`,
    `geo: { countryFile: "${countryFile}", asnFile: "${asnFile}" }\n`,
  );
  const from = async (address: string, target = '/') =>
    (await send(`GET ${target}`, `X-Forwarded-For: ${address}`)).status;
  expect(await from('192.0.2.7')).toBe(200);
  expect(await from('2001:db8:1::1')).toBe(200);
  expect(await from('198.51.100.7')).toBe(403);
  expect(await from('203.0.113.7')).toBe(403);
  expect(await from('192.0.2.7', '/known')).toBe(200);
  expect(await from('198.51.100.7', '/known')).toBe(403);
  expect(await from('203.0.113.7', '/known')).toBe(403);
  expect(await from('192.0.2.7', '/block')).toBe(200);
  expect(await from('203.0.113.7', '/block')).toBe(403);
});
