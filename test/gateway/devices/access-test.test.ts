// `credveil gateway access test` with a certificate, a country and a network.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { AccessTestFlags } from '../../../cli/gateway/access-facts.ts';
import { describe as describeAccess, testedAccess } from '../../../cli/gateway/access-test.ts';
import { createWorkPlace } from '../../support/credveil.ts';
import { createCa } from '../../support/gateway/device-world.ts';
import { mmdbOf } from '../../support/gateway/mmdb.ts';
import { tlsKey } from '../../support/gateway/tls.ts';

const { home } = createWorkPlace();
const write = (name: string, content: string | Buffer): string => {
  const file = path.join(home, name);
  fs.writeFileSync(file, content);
  return file;
};

const [ca, other] = [await createCa('devices'), await createCa('others')];
const caFile = write('ca.pem', ca.certificate.toString());
const country = write('country.mmdb', mmdbOf({ '192.0.2.0/24': { country: { iso_code: 'AT' } } }));
const asn = write('asn.mmdb', mmdbOf({ '192.0.2.0/24': { autonomous_system_number: 64_496 } }));
const config = write(
  'gateway.yaml',
  `listen: "127.0.0.1:0"
lists: { laptops: { kind: serial, items: [C02XL0] } }
geo: { countryFile: "${country}", asnFile: "${asn}" }
apps:
  a.example:
    to: "http://127.0.0.1:1"
    tls: ${tlsKey('first').replace(/ }$/, `, clientCertificates: { caFile: "${caFile}" } }`)}
    access:
      policies:
        - { name: devices, action: bypass, include: [{ device: $laptops }] }
        - { name: laptop, action: bypass, include: [{ certificate: { commonName: laptop, dns: [a.example, b.example] } }], paths: /cn }
        - { name: here, action: bypass, include: [{ country: AT }], exclude: [{ asn: 64500 }], paths: /geo }
`,
);

const ask = (flags: Partial<AccessTestFlags>) => testedAccess({ config, app: 'a.example', path: '/', ...flags });
const subject = { commonName: 'laptop', serialNumber: 'C02XL0' };

test('a certificate is judged as a connection would bring it', async () => {
  const good = write('good.pem', (await ca.issue(subject)).options.cert);
  const expired = write(
    'expired.pem',
    (await ca.issue(subject, { notAfter: new Date(Date.now() - 1_000) })).options.cert,
  );
  const foreign = write('foreign.pem', (await other.issue(subject)).options.cert);
  expect((await ask({ certificate: good })).isAllowed).toBe(true);
  for (const certificate of [expired, foreign]) expect((await ask({ certificate })).isAllowed).toBe(false);
  expect((await ask({})).isAllowed).toBe(false);
  const text = describeAccess(await ask({ certificate: good, path: '/cn' }));
  expect(text).toContain('include certificate commonName: laptop; dns: a.example, b.example  false');
  expect(text).toContain('not for this path');
  expect(text).toContain('certificate  counts\n');
  for (const [certificate, worth] of [
    [expired, 'it is not within its dates'],
    [foreign, 'no CA of caFile has issued it'],
  ] as const)
    expect(describeAccess(await ask({ certificate }))).toContain(`certificate  does not count: ${worth}\n`);
  await expect(ask({ certificate: config })).rejects.toThrow('gateway.yaml has no certificate');
  await expect(ask({ certificate: '/nonexistent' })).rejects.toThrow('/nonexistent does not exist');
});

test('a country and a network come from the address, or as given', async () => {
  const path = '/geo';
  expect((await ask({ path, address: '192.0.2.1' })).isAllowed).toBe(true);
  expect((await ask({ path, address: '192.0.2.1', asn: '64500' })).isAllowed).toBe(false);
  expect((await ask({ path, address: '198.51.100.1' })).isAllowed).toBe(false);
  expect((await ask({ path, country: 'at', asn: '1' })).isAllowed).toBe(true);
  await expect(ask({ country: 'Austria' })).rejects.toThrow('--country is no country');
  await expect(ask({ asn: 'AS1' })).rejects.toThrow('--asn is no number');
});
