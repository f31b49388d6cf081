import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/support/engines.ts',
    include: ['test/**/*.test.ts'],
    // A shared machine of two cores: nothing here waits on purpose, but a cold start may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
