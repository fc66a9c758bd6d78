// Where things are in the repository, whatever folder a test is in.

import path from 'node:path';

export const root = path.join(import.meta.dirname, '../..');

/** A file or folder of test/fixtures/. */
export const fixture = (...names: string[]): string => path.join(root, 'test/fixtures', ...names);

/** A program of test/support/programs/, which tests start or preload. */
export const program = (name: string): string => path.join(root, 'test/support/programs', name);
