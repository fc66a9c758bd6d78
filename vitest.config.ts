// Test runner: one process per test file, the longest files first.

import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/vitest/longest-first.ts';
import { SlowestFiles } from './test/support/vitest/slowest-files.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need what npm cannot install: npm run test:system, npm run test:container
    exclude: ['test/system/**', 'test/container/**'],
    // Processes, not threads: tests lock files, spawn servers and kill children.
    pool: 'forks',
    // Two more than cores: some files always wait for a deadline or for a child to start.
    maxWorkers: os.availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new SlowestFiles()],
    setupFiles: ['./test/support/vitest/temp-folder.ts'],
    // The command is started a few hundred times: its modules are compiled once.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('./node_modules/.cache/compile', import.meta.url)) },
    // Limits that only a hang reaches: a time never decides a test.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
