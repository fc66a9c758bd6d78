// Tests against programs of the system: Debian's packages, which a clone does not bring.

import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

// On disk: systemd and buildah hide or restrict the folder in memory.
export default defineConfig({
  test: { ...config.test, include: ['test/system/**/*.test.ts'], exclude: [], setupFiles: [] },
});
