// The example of the documents in TypeScript: it takes what the gateway says, and nothing else.

import fs from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { createRemoteJWKSet, errors, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { echoOf, seen } from '../../../support/gateway/gateway.ts';
import { peopleWorld } from '../../../support/gateway/identity/access-world.ts';
import { personOf } from '../../../support/gateway/identity/people.ts';
import { root } from '../../../support/paths.ts';

const POLICIES = '      policies: [{ name: staff, action: allow, include: [{ emailDomain: example.com }] }]\n';
const IMPORT = "import { createRemoteJWKSet, jwtVerify } from 'jose';\n";

test('the example tells who a request is of', async () => {
  const page = fs.readFileSync(path.join(root, 'docs/gateway-access.md'), 'utf8');
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  expect(example.startsWith(IMPORT)).toBe(true);
  const { send, enter, port } = await peopleWorld(POLICIES);
  const exampleFor = (audience: string) => {
    const source = stripTypeScriptTypes(example.slice(IMPORT.length))
      .replace('https://auth.example.com', 'https://localhost')
      .replace('intranet.example.com', audience)
      .replace('export ', '');
    // The keys come from the gateway's own path, without TLS.
    const keysAt = ({ pathname }: URL) => createRemoteJWKSet(new URL(pathname, `http://localhost:${port}`));
    const make = new Function('createRemoteJWKSet', 'jwtVerify', `${source}\nreturn personOf;`);
    return make(keysAt, jwtVerify) as (headers: Headers) => Promise<string | undefined>;
  };
  const read = exampleFor('app.example');
  const { headers } = await enter(personOf('ann', { email: 'ann@example.com' }));
  const [token = ''] = seen(echoOf(await send('GET /', ...headers)), 'credveil-assertion');
  const sent = (text: string) => new Headers({ 'Credveil-Assertion': text });
  expect(await read(sent(token))).toBe('staff:subject of ann');
  await expect(exampleFor('other.example')(sent(token))).rejects.toThrow(errors.JWTClaimValidationFailed);
  await expect(read(new Headers())).rejects.toThrow(errors.JWSInvalid);
  const { privateKey } = await generateKeyPair('ES256');
  const forged = await new SignJWT({ sub: 'staff:eve' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('https://localhost')
    .setAudience('app.example')
    .setExpirationTime('1m')
    .sign(privateKey);
  await expect(read(sent(forged))).rejects.toThrow(errors.JOSEError);
});
