// The test of the container image: it needs root, buildah and debootstrap, and takes minutes.

import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

// On disk: systemd and buildah hide or restrict the folder in memory.
export default defineConfig({
  test: { ...config.test, include: ['test/container/**/*.test.ts'], exclude: [], setupFiles: [] },
});
