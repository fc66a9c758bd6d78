// The files that describe sinks, and the secrets that they name.

import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { openSinks } from '../../notify/setup/open-sinks.ts';
import type { WorkPlace } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOOK = { kind: 'webhook', url: 'https://hooks.example/t0ken', secretFile: 'secret' };
const RISC = { kind: 'risc', url: 'https://a.example/', issuer: 'https://b', audience: 'c', keyFile: 'secret' };

function writeSink(place: WorkPlace, sink: unknown, secret = SECRET): string {
  fs.writeFileSync(place.at('secret'), secret, { mode: 0o600 });
  return place.write('sink.json', typeof sink === 'string' ? sink : JSON.stringify(sink));
}

describe('a sink', () => {
  test('has a name that stays, without the path of its URL, and takes the events of its file', async ({ place }) => {
    const file = writeSink(place, { ...HOOK, events: ['account.leaked'] });
    const [sink] = await openSinks([file]);
    expect(sink?.name).toMatch(/^webhook:hooks\.example:[\da-f]{6}$/);
    expect((await openSinks([file]))[0]?.name).toBe(sink?.name);
    const leaked = { type: 'account.leaked', account: '1', source: 's', leakedAt: null, finding: 'exact' } as const;
    expect(sink?.accepts(leaked)).toBe(true);
    expect(sink?.accepts({ ...leaked, type: 'account.named' })).toBe(false);
    expect((await openSinks([`ecs:${place.at('e')}`]))[0]?.name).toBe(`ecs:${place.at('e')}`);
  });

  test.for<[string, unknown]>([
    ['it is not JSON', '{"kind":'],
    ['it is not one object', '[]'],
    ['"kind" is missing or wrong', { ...HOOK, kind: 'mail' }],
    ['"url" is missing or wrong', { kind: 'webhook', secretFile: 'secret' }],
    ['a member is not known', { ...HOOK, secret: 'hunter2' }],
    ['"events.0" is missing or wrong', { ...HOOK, events: ['account.leakt'] }],
    ['"allow.0" is missing or wrong', { ...HOOK, allow: ['10.0.0.0/99'] }],
    ['"name" is missing or wrong', { ...HOOK, name: 'a\r\nb' }],
    ['"issuer" is missing or wrong', { ...RISC, issuer: 'a\nb' }],
    ['is not https://', { ...HOOK, url: 'ftp://hooks.example/' }],
    ['is not https', { ...HOOK, url: 'http://hooks.example/' }],
    ['is not https', { ...HOOK, url: 'http://hooks.example/', allow: ['hooks.example'] }],
    ['leads into your own network', { ...HOOK, url: 'http://127.0.0.1/' }],
    ['leads into your own network', { ...HOOK, url: 'https://169.254.169.254/' }],
    ['leads into your own network', { ...HOOK, url: 'https://[::ffff:10.0.0.1]/' }],
    ['holds a password', { ...HOOK, url: 'https://user:hunter2@hooks.example/' }],
    ['has a fragment', { ...HOOK, url: 'https://hooks.example/#x' }],
  ])('is refused: %s', async ([why, sink], { place }) => {
    const error = await openSinks([writeSink(place, sink)]).catch((cause: unknown) => cause as Error);
    expect(error).toMatchObject({ code: 'SINK_MALFORMED', message: expect.stringContaining(why) });
    expect(String(error)).not.toContain('hunter2');
  });

  test('is refused if it is named twice', async ({ place }) => {
    const file = writeSink(place, HOOK);
    await expect(openSinks([file, file])).rejects.toMatchObject({ code: 'SINK_MALFORMED' });
  });
});

describe('a secret', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const unfit = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const open = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });

  test.for<[string, object, string]>([
    ['a short one', HOOK, `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['a long one', HOOK, `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['no prefix', HOOK, SECRET.slice(6)],
    ['an empty file', HOOK, ''],
    ['nine of them', HOOK, `${SECRET}\n`.repeat(9)],
    ['one that is none', HOOK, `${SECRET}\nmarked`],
    ['a key of RSA that is weak', RISC, String(weak)],
    ['a key that signs nothing', RISC, String(unfit)],
    ['a public key', RISC, String(open)],
    ['JSON that is no key', RISC, '{"marked":1}'],
    ['a secret of webhooks', RISC, SECRET],
    ['a header of two lines', { ...RISC, authorizationFile: 'secret' }, 'Bearer a\r\nx-marked: b'],
  ])('is refused without being shown: %s', async ([, sink, secret], { place }) => {
    const error = await openSinks([writeSink(place, sink, secret)]).catch((cause: unknown) => cause as Error);
    expect(error).toMatchObject({ code: 'SECRET_MALFORMED' });
    expect(`${(error as Error).stack}`).not.toMatch(/marked|whsec_B|BEGIN/);
  });

  test('is refused if others can read it, if it is a folder, or if it is missing', async ({ place }) => {
    const file = writeSink(place, HOOK);
    fs.chmodSync(place.at('secret'), 0o640);
    const named = expect.stringContaining(`sink ${file}: secretFile: secret `);
    await expect(openSinks([file])).rejects.toMatchObject({ code: 'SECRET_EXPOSED', message: named });
    const group = fs.statSync(place.at('secret')).gid;
    await expect(openSinks([file], { group })).resolves.toHaveLength(1);
    fs.rmSync(place.at('secret'));
    await expect(openSinks([file])).rejects.toMatchObject({ code: 'SINK_UNREADABLE' });
    fs.mkdirSync(place.at('secret'));
    await expect(openSinks([file])).rejects.toMatchObject({ code: 'SINK_UNREADABLE' });
  });

  test.for<[string, object]>([
    ['keyFile', { ...RISC, keyFile: 'missing' }],
    ['authorizationFile', { ...RISC, authorizationFile: 'missing' }],
    ['caFile', { ...HOOK, caFile: 'missing' }],
    ['secretFile', { ...HOOK, secretFile: 'missing' }],
  ])('that cannot be read is named by its key: %s', async ([key, sink], { place }) => {
    const signing = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const file = writeSink(place, sink, 'issuer' in sink ? String(signing) : SECRET);
    const message = expect.stringContaining(`sink ${file}: ${key}: `);
    await expect(openSinks([file])).rejects.toMatchObject({ code: 'SINK_UNREADABLE', message });
    const byUrl = openSinks(['https://hooks.example/x'], { secretFile: place.at('missing') });
    await expect(byUrl).rejects.toMatchObject({ message: expect.stringMatching(/^--notify-secret: /) });
  });
});
