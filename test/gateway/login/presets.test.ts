// Preset files: every one has the keys of a preset, and expressions that compile.

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { compileLogins } from '../../../gateway/login/compile-logins.ts';
import { LOGIN_SCHEMA } from '../../../gateway/login/login-config.ts';
import { PRESETS } from '../../../gateway/login/preset.ts';
import { PRESET_SCHEMA } from '../../../gateway/login/preset-schema.ts';

const FOLDER = new URL('../../../gateway/login/presets/', import.meta.url);

test.each([...PRESETS.keys()])('%s', (name) => {
  expect(PRESET_SCHEMA.safeParse(PRESETS.get(name)).error?.issues).toBeUndefined();
  const logins = compileLogins(LOGIN_SCHEMA.parse(name), () => undefined);
  expect(logins.length).toBeGreaterThan(0);
  expect(new Set(logins.map((login) => login.name)).size).toBe(logins.length);
});

test('no preset file has a key twice, of which the last would count', () => {
  const faultsOf = (text: string) => parseDocument(text).errors.map(({ code }) => code);
  expect(faultsOf('{"a": {"b": 1, "c": 2, "b": 3}}')).toEqual(['DUPLICATE_KEY']);
  const files = fs.readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  expect(files.length).toBe(PRESETS.size);
  for (const file of files) expect(faultsOf(fs.readFileSync(new URL(file, FOLDER), 'utf8')), file).toEqual([]);
});

test('there are presets', () => {
  expect(PRESETS.size).toBeGreaterThan(2);
});
