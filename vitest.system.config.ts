// Test runner for tests that need programs of the system, such as a browser: `npm run test:system`.

import { defineConfig } from 'vitest/config';
import shared from './vitest.config.ts';

export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ['test/system/**/*.test.ts'], exclude: [] },
});
