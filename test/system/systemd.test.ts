// The systemd units of services, checked by systemd-analyze (Debian: apt-get install systemd).

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { root } from '../support/paths.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

/**
 * Each unit, and how exposed it may be in tenths, as --threshold takes it. An unrestricted service
 * scores 10; systemd calls 2 and below OK.
 */
const UNITS = [
  ['credveil.service', 15],
  // A capability, for ports below 1024.
  ['credveil-gateway.service', 17],
] as const;

const deploy = path.join(root, 'deploy');

const test = placeTest.extend<{ readonly unitOf: (name: string) => string }>({
  /** A copy of a unit, beside its drop-ins. */
  unitOf: async ({ place }, use) => {
    const { error } = spawnSync('systemd-analyze', ['--version']);
    if (error) throw new Error('systemd-analyze is missing: apt-get install systemd');
    fs.cpSync(deploy, place.home, { recursive: true });
    await use((name) => {
      const unit = place.at(name);
      // systemd-analyze requires the program to exist, and this machine has no /usr/bin/node.
      fs.writeFileSync(unit, fs.readFileSync(unit, 'utf8').replace('/usr/bin/node', process.execPath));
      return unit;
    });
  },
});

describe.each(UNITS)('%s', (name, maxExposure) => {
  test('systemd knows every setting of it, with and without its drop-ins', ({ place, unitOf }) => {
    const unit = unitOf(name);
    const verify = (): string => {
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
      return `${status}${stderr}`;
    };
    expect(verify()).toBe('0');
    fs.rmSync(place.at(`${name}.d`), { recursive: true, force: true });
    expect(verify()).toBe('0');
    // The check notices an unknown setting.
    fs.appendFileSync(unit, '[Service]\nProtectEverything=yes\n');
    expect(verify()).toContain('ProtectEverything');
  });

  test('it is as little exposed as it may be', ({ unitOf }) => {
    const args = ['security', '--offline=true', `--threshold=${maxExposure}`, '--no-pager', unitOf(name)];
    expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('Overall exposure level');
  });
});
