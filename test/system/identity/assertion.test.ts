// An application in Python verifies who was let in, with PyJWT from Debian.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createWorkPlace } from '../../support/credveil.ts';
import { echoOf, seen } from '../../support/gateway/gateway.ts';
import { peopleWorld } from '../../support/gateway/identity/access-world.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { root } from '../../support/paths.ts';

const PROGRAM = path.join(root, 'test/support/programs/verify-assertion.py');
const POLICIES = '      policies: [{ name: staff, action: allow, include: [{ emailDomain: example.com }] }]\n';

test('PyJWT takes an assertion by the published keys, and no other', async () => {
  const { send, enter, port } = await peopleWorld(POLICIES);
  const { headers } = await enter(personOf('ann', { email: 'ann@example.com', groups: ['größe'] }));
  const [token = ''] = seen(echoOf(await send('GET /', ...headers)), 'credveil-assertion');
  const url = `http://localhost:${port}/.well-known/jwks.json`;
  // The gateway of this process answers while the program runs.
  const verify = async (text: string, audience = 'app.example', issuer = 'https://localhost') => {
    const child = spawn('/usr/bin/python3', [PROGRAM, url, issuer, audience], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(text);
    let output = '';
    for await (const piece of child.stdout) output += String(piece);
    return JSON.parse(output) as { readonly [claim: string]: unknown };
  };
  expect(spawnSync('/usr/bin/python3', ['-c', 'import jwt, cryptography']).status, 'python3-jwt is installed').toBe(0);
  expect(await verify(token)).toMatchObject({ email: 'ann@example.com', provider: 'staff', groups: ['größe'] });
  expect(await verify(token, 'other.example')).toEqual({ error: 'InvalidAudienceError' });
  expect(await verify(token, 'app.example', 'https://evil.example')).toEqual({ error: 'InvalidIssuerError' });
  const [head = '', body = '', signature = ''] = token.split('.');
  const changed = Buffer.from(body, 'base64url').toString().replace('ann@', 'bob@');
  expect(await verify(`${head}.${Buffer.from(changed).toString('base64url')}.${signature}`)).toEqual({
    error: 'InvalidSignatureError',
  });
});

test('the example of the documents takes it, and no other', async () => {
  const page = fs.readFileSync(path.join(root, 'docs/gateway-access.md'), 'utf8');
  const [, example = ''] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
  const { send, enter, port } = await peopleWorld(POLICIES);
  const { headers } = await enter(personOf('ann', { email: 'ann@example.com' }));
  const [token = ''] = seen(echoOf(await send('GET /', ...headers)), 'credveil-assertion');
  const file = path.join(createWorkPlace().home, 'example.py');
  const personOfToken = async (text: string, audience = 'app.example') => {
    const source = example
      .replace('ISSUER + "/.well-known', `"http://localhost:${port}/.well-known`)
      .replace('"https://auth.example.com"', '"https://localhost"')
      .replace('intranet.example.com', audience);
    const read = 'try:\n    print(person_of(dict(json.load(sys.stdin))))\nexcept jwt.PyJWTError as error:\n';
    fs.writeFileSync(file, `${source}\nimport json, sys\n${read}    print(type(error).__name__)\n`);
    const child = spawn('/usr/bin/python3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(JSON.stringify(text === '' ? {} : { 'Credveil-Assertion': text }));
    let output = '';
    for await (const piece of child.stdout) output += String(piece);
    return output.trim();
  };
  expect(await personOfToken(token)).toBe('staff:subject of ann');
  expect(await personOfToken(token, 'other.example')).toBe('InvalidAudienceError');
  expect(await personOfToken('')).toBe('DecodeError');
});
