// docs/gateway-presets.md has every preset as its file has it.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { presetTable } from '../../../support/gateway/login/preset-table.ts';
import { PRESET_FILES } from '../../../support/gateway/login/presets.ts';
import { root } from '../../../support/paths.ts';

const page = fs.readFileSync(path.join(root, 'docs/gateway-presets.md'), 'utf8');

test('the page has the table of the files', () => {
  const [table] = /^\| preset \|(?:.*\|\n)+/m.exec(page) ?? [];
  expect(table).toBe(presetTable(PRESET_FILES.values()));
});
