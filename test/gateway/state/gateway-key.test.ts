// The key of an installation: created whole, for its user alone, and the same for everybody.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deriveKey, gatewayKeyFile, openGatewayKey } from '../../../gateway/state/gateway-key.ts';
import { assertKeyOf } from '../../../gateway/state/key-mark.ts';
import { openTestState } from '../../support/gateway/state/states.ts';

function folder(): string {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  return home;
}

describe('the key of an installation', () => {
  test('is created once, for its user alone', () => {
    const home = path.join(folder(), 'state');
    const key = openGatewayKey(home);
    expect(key).toHaveLength(32);
    expect(openGatewayKey(home)).toEqual(key);
    expect(openGatewayKey(folder())).not.toEqual(key);
    expect(fs.readdirSync(home)).toEqual(['gateway.key']);
    expect(fs.statSync(gatewayKeyFile(home)).mode & 0o777).toBe(0o600);
  });

  test('is refused if others can read it', () => {
    const home = folder();
    openGatewayKey(home);
    for (const mode of [0o640, 0o604, 0o660]) {
      fs.chmodSync(gatewayKeyFile(home), mode);
      expect(() => openGatewayKey(home)).toThrow(expect.objectContaining({ code: 'GATEWAY_KEY_EXPOSED' }));
    }
  });

  test.each([0, 31, 33])('is refused with %i bytes', (length) => {
    const home = folder();
    fs.writeFileSync(gatewayKeyFile(home), new Uint8Array(length), { mode: 0o600 });
    expect(() => openGatewayKey(home)).toThrow(expect.objectContaining({ code: 'GATEWAY_KEY_MALFORMED' }));
  });

  test('is refused if it is no file', () => {
    const home = folder();
    fs.mkdirSync(gatewayKeyFile(home), { mode: 0o700 });
    expect(() => openGatewayKey(home)).toThrow(expect.objectContaining({ code: 'GATEWAY_KEY_MALFORMED' }));
    const blocked = path.join(folder(), 'file');
    fs.writeFileSync(blocked, '');
    expect(() => openGatewayKey(blocked)).toThrow(expect.objectContaining({ code: 'GATEWAY_KEY_UNREADABLE' }));
  });

  test('is refused for a state that was written with another one, which stays as it is', async () => {
    const [own, other] = [openGatewayKey(folder()), openGatewayKey(folder())];
    const { state, file } = openTestState();
    assertKeyOf(state, file, own);
    await state.settled();
    state.close();
    for (const times of [1, 2]) {
      const { state: again } = openTestState({ file });
      expect(() => assertKeyOf(again, file, other), `${times}`).toThrow(
        expect.objectContaining({ code: 'GATEWAY_KEY_OTHER', hint: expect.stringContaining('factors') }),
      );
      expect(() => assertKeyOf(again, file, own)).not.toThrow();
      again.close();
    }
  });

  test('gives each use a key of its own', () => {
    const key = new Uint8Array(32).fill(7);
    const uses = (['limit-names', 'limit-places', 'device-cookies', 'handles', 'event-names'] as const).map((use) =>
      deriveKey(key, use).export().toString('hex'),
    );
    expect(new Set(uses).size).toBe(uses.length);
    expect(deriveKey(key, 'handles').equals(deriveKey(key, 'handles'))).toBe(true);
    // RFC 5869 with SHA-256, no salt, and the use as info.
    expect(uses[0]).toMatchInlineSnapshot(`"1afc7e2e10e25f7401d2b2823131878f788c49167016652571b8cf8163614bd2"`);
  });
});
