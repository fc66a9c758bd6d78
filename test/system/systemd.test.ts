// The systemd unit, as systemd-analyze (Debian: apt-get install systemd) reads it.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorkPlace } from '../support/credveil.ts';

/** Of 10 for a service without any restriction; 2 and below is what systemd calls OK. */
const MAX_EXPOSURE = 15; // In tenths, as --threshold takes it: 1.5.

const deploy = path.join(import.meta.dirname, '../../deploy');
const place = createWorkPlace();
const unit = place.at('credveil.service');

beforeAll(() => {
  const { error } = spawnSync('systemd-analyze', ['--version']);
  if (error) throw new Error('systemd-analyze is missing: apt-get install systemd');
  fs.cpSync(deploy, place.home, { recursive: true });
  // The program that the unit starts need not be installed where the unit is checked.
  fs.writeFileSync(unit, fs.readFileSync(unit, 'utf8').replace('/usr/bin/node', process.execPath));
});
afterAll(() => place.dispose());

test('is understood whole, with and without what may be added', () => {
  const verify = (): string => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    return `${status}${stderr}`;
  };
  expect(verify()).toBe('0');
  fs.rmSync(place.at('credveil.service.d'), { recursive: true });
  expect(verify()).toBe('0');
  // The check would see a setting that is not one.
  fs.appendFileSync(unit, '[Service]\nProtectEverything=yes\n');
  expect(verify()).toContain('ProtectEverything');
});

test('leaves little that the service could do beside its job', () => {
  const args = ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, '--no-pager', unit];
  expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('Overall exposure level');
});
