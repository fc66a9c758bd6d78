// The test of the container image: it needs root, buildah and debootstrap, and takes minutes.

import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

export default defineConfig({
  test: { ...config.test, include: ['test/container/**/*.test.ts'], exclude: [], hookTimeout: 600_000 },
});
