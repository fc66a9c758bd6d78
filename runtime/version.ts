// The version of this program, from its package.

import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

const file = findPackageJSON(import.meta.url);
if (file === undefined) throw new Error('package.json is missing');

export const { version: VERSION } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
