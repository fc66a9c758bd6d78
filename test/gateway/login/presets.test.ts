// Preset files: every one has the keys of a preset, and expressions that compile.

import { expect, test } from 'vitest';
import { compileLogins } from '../../../gateway/login/compile-logins.ts';
import { LOGIN_SCHEMA } from '../../../gateway/login/login-config.ts';
import { PRESETS } from '../../../gateway/login/preset.ts';
import { PRESET_SCHEMA } from '../../../gateway/login/preset-schema.ts';

test.each([...PRESETS.keys()])('%s', (name) => {
  expect(PRESET_SCHEMA.safeParse(PRESETS.get(name)).error?.issues).toBeUndefined();
  const logins = compileLogins(LOGIN_SCHEMA.parse(name), () => undefined);
  expect(logins.length).toBeGreaterThan(0);
  expect(new Set(logins.map((login) => login.name)).size).toBe(logins.length);
});

test('there are presets', () => {
  expect(PRESETS.size).toBeGreaterThan(2);
});
