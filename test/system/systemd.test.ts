// The systemd unit, checked by systemd-analyze (Debian: apt-get install systemd).

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { root } from '../support/paths.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

/** An unrestricted service scores 10; systemd calls 2 and below OK. */
const MAX_EXPOSURE = 15; // In tenths, as --threshold takes it: 1.5.

const deploy = path.join(root, 'deploy');

const test = placeTest.extend<{ readonly unit: string }>({
  /** A copy of the unit, beside its drop-ins. */
  unit: async ({ place }, use) => {
    const { error } = spawnSync('systemd-analyze', ['--version']);
    if (error) throw new Error('systemd-analyze is missing: apt-get install systemd');
    fs.cpSync(deploy, place.home, { recursive: true });
    const unit = place.at('credveil.service');
    // systemd-analyze requires the program to exist, and this machine has no /usr/bin/node.
    fs.writeFileSync(unit, fs.readFileSync(unit, 'utf8').replace('/usr/bin/node', process.execPath));
    await use(unit);
  },
});

test('systemd knows every setting of the unit, with and without its drop-ins', ({ place, unit }) => {
  const verify = (): string => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    return `${status}${stderr}`;
  };
  expect(verify()).toBe('0');
  fs.rmSync(place.at('credveil.service.d'), { recursive: true });
  expect(verify()).toBe('0');
  // The check notices an unknown setting.
  fs.appendFileSync(unit, '[Service]\nProtectEverything=yes\n');
  expect(verify()).toContain('ProtectEverything');
});

test('the unit scores at most 1.5 of 10 for exposure', ({ unit }) => {
  const args = ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, '--no-pager', unit];
  expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('Overall exposure level');
});
