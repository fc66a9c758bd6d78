// Paths in the repository, independent of a test's folder.

import path from 'node:path';

export const root = path.join(import.meta.dirname, '../..');

/** A file or folder in test/fixtures/. */
export const fixture = (...names: string[]): string => path.join(root, 'test/fixtures', ...names);

/** A program in test/support/programs/, which tests start or preload. */
export const program = (name: string): string => path.join(root, 'test/support/programs', name);

/** The command `credveil`. */
export const bin = path.join(root, 'cli/bin.js');
