// Security Event Tokens of RISC: signed, pushed, and verified as their receivers do.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect } from 'vitest';
import type { StoredEvent } from '../../notify/events.ts';
import { openSinks } from '../../notify/setup/open-sinks.ts';
import { readPublicKeys } from '../../notify/setup/public-keys.ts';
import type { WorkPlace } from '../support/credveil.ts';
import { startReceiver } from '../support/notify/receiver.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const COMPROMISE = 'https://schemas.openid.net/secevent/risc/event-type/credential-compromise';
const [ISSUER, AUDIENCE] = ['https://credveil.example.com', 'https://app.example.com'];
const event: StoredEvent = {
  id: 'evt_abc',
  atMs: 1_767_323_045_678,
  event: { type: 'account.leaked', account: '17', source: 'leak', leakedAt: null, finding: 'exact' },
};

const writeSecret = (place: WorkPlace, name: string, text: string): string => {
  fs.writeFileSync(place.at(name), text, { mode: 0o600 });
  return place.at(name);
};

const pemOf = ({ privateKey }: { privateKey: KeyObject }): string =>
  String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const KEYS = {
  ES256: () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  ES384: () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  EdDSA: () => pemOf(generateKeyPairSync('ed25519')),
  RS256: () => pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
};

async function openRisc(place: WorkPlace, url: string, more: object = {}) {
  const sink = { kind: 'risc', url, allow: ['127.0.0.1'], issuer: ISSUER, audience: AUDIENCE, keyFile: 'key', ...more };
  const [opened] = await openSinks([place.write('risc.json', JSON.stringify(sink))]);
  if (!opened) throw new Error('no sink');
  return opened;
}

describe('a token of RISC', () => {
  test.for(Object.entries(KEYS))('is verified with the public keys alone: %s', async ([alg, make], { place }) => {
    const receiver = await startReceiver((response) => response.writeHead(202).end());
    const key = writeSecret(place, 'key', make());
    writeSecret(place, 'token', 'Bearer abc.def\n');
    const sink = await openRisc(place, receiver.url, { authorizationFile: 'token' });
    expect(await sink.send([event], AbortSignal.timeout(90_000))).toEqual([{ delivered: true }]);
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(headers).toMatchObject({
      'content-type': 'application/secevent+jwt',
      accept: 'application/json',
      authorization: 'Bearer abc.def',
    });
    const jwks = await readPublicKeys([key], {});
    expect(JSON.stringify(jwks)).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    const options = { issuer: ISSUER, audience: AUDIENCE, typ: 'secevent+jwt', algorithms: [alg] };
    const { payload } = await jwtVerify(body, createLocalJWKSet(jwks), options);
    expect(payload).toEqual({
      iss: ISSUER,
      aud: AUDIENCE,
      jti: 'evt_abc',
      iat: 1_767_323_045,
      toe: 1_767_323_045,
      sub_id: { format: 'opaque', id: '17' },
      events: {
        [COMPROMISE]: {
          credential_type: 'password',
          event_timestamp: 1_767_323_045,
          reason_admin: { en: 'source leak has the password of account 17' },
        },
      },
    });
    const other = await readPublicKeys([writeSecret(place, 'other', make())], {});
    await expect(jwtVerify(body, createLocalJWKSet(other), options)).rejects.toThrow();
    sink.close();
    await receiver.close();
  });

  test('names the account as the subject of an issuer, and the key as its JWK does', async ({ place }) => {
    const receiver = await startReceiver((response) => response.writeHead(202).end());
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = writeSecret(place, 'key', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'mine' }));
    const sink = await openRisc(place, receiver.url, {
      subject: { format: 'iss_sub', iss: 'https://idp.example.com' },
    });
    await sink.send([event], AbortSignal.timeout(90_000));
    const [{ body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(decodeProtectedHeader(body)).toEqual({ alg: 'ES256', kid: 'mine', typ: 'secevent+jwt' });
    const { payload } = await jwtVerify(body, createLocalJWKSet(await readPublicKeys([key], {})));
    expect(payload.sub_id).toEqual({ format: 'iss_sub', iss: 'https://idp.example.com', sub: '17' });
    sink.close();
    await receiver.close();
  });

  test('of a test asks for no action', async ({ place }) => {
    const receiver = await startReceiver((response) => response.writeHead(202).end());
    const key = writeSecret(place, 'key', KEYS.EdDSA());
    const sink = await openRisc(place, receiver.url);
    const tested = { ...event, event: { type: 'credveil.test', nonce: 'n' } } as const;
    expect(await sink.send([tested], AbortSignal.timeout(90_000))).toEqual([{ delivered: true }]);
    const [{ body }] = receiver.received as [(typeof receiver.received)[0]];
    const { payload } = await jwtVerify(body, createLocalJWKSet(await readPublicKeys([key], {})));
    expect(payload.events).toEqual({
      'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 'n' },
    });
    sink.close();
    await receiver.close();
  });

  test('is made of findings with a password alone', async ({ place }) => {
    writeSecret(place, 'key', KEYS.EdDSA());
    const sink = await openRisc(place, 'https://app.example.com/risc');
    expect(sink.accepts({ type: 'account.named', account: '1', source: 's', leakedAt: null })).toBe(false);
    expect(sink.accepts({ type: 'quota.used_up', client: 'c', policy: 'p', day: 'd' })).toBe(false);
    expect(sink.accepts({ type: 'watch.found', account: '1', source: 's', leakedAt: null, finding: 'exact' })).toBe(
      true,
    );
    sink.close();
  });
});
