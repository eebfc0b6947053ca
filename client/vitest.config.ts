import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/system/start.ts'],
    // They share one system and its two organisations: what one file writes another would see.
    fileParallelism: false,
    testTimeout: 15_000,
    hookTimeout: 60_000,
    typecheck: { enabled: false },
  },
});
