// Test runner: one process a test file, two at a time.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need what npm cannot install: npm run test:system, npm run test:container
    exclude: ['test/system/**', 'test/container/**'],
    // Processes, not threads: tests lock files, spawn servers and kill children.
    pool: 'forks',
    maxWorkers: 2,
    // The command is started a few hundred times: its modules are compiled once.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('./node_modules/.cache/compile', import.meta.url)) },
    // Limits that only a hang reaches: a time never decides a test.
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
