// The lock file: each package is pinned by its digest, and no download address is.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/paths.ts';

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
  packages: { [place: string]: Locked };
};
/** Everything but this repository's own packages, which npm links. */
const foreign = Object.entries(packages).filter(([place, { link }]) => place.includes('node_modules/') && !link);

test('every package has an integrity of SHA-512', () => {
  expect(foreign.length).toBeGreaterThan(100);
  expect(
    foreign.filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity)).map(([place]) => place),
  ).toEqual([]);
});

test('no package has a download address', () => {
  expect(foreign.filter(([, { resolved }]) => resolved !== undefined).map(([place]) => place)).toEqual([]);
});
