// What a gateway loads: libraries of providers cost memory and time, and are attacked.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { program } from '../../support/paths.ts';

const LIBRARIES = /node_modules\/(openid-client|oauth4webapi|jose|nodemailer|@simplewebauthn|@peculiar)\//;

async function loadedBy(config: string): Promise<string[]> {
  const args = [program('loaded-by-gateway.ts'), config];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as string[];
}

test('a gateway without providers loads none of their libraries', async () => {
  const access = 'access: { policies: [{ name: a, action: bypass, include: [{ address: 127.0.0.1 }] }] }';
  const plain = `{ listen: '127.0.0.1:0', apps: { 'app.example': { to: 'http://127.0.0.1:1', ${access} } } }`;
  const without = await loadedBy(plain);
  expect(without.filter((name) => /gateway\/gateway\.ts$/.test(name))).toHaveLength(1);
  expect(without.filter((name) => LIBRARIES.test(name))).toEqual([]);
  const identity = "auth: auth.example, identity: { staff: { oidc: 'https://idp.example', clientId: a } }";
  const withThem = await loadedBy(plain.replace('{ listen', `{ ${identity}, listen`));
  expect(withThem.filter((name) => LIBRARIES.test(name)).length).toBeGreaterThan(2);
  // Those alone that the first mail, or the first key, needs.
  const factors = 'factors: { methods: [security_key] }';
  const withFactors = await loadedBy(plain.replace('{ listen', `{ ${identity}, ${factors}, listen`));
  for (const loaded of [withThem, withFactors])
    expect(loaded.filter((name) => /nodemailer|@simplewebauthn|@peculiar/.test(name))).toEqual([]);
});
