import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/support/engines.ts',
    include: ['test/**/*.test.ts'],
    // A shared machine of two cores: nothing here waits on purpose, but a cold start may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Each worker loads the SDKs, aws-cdk-lib and our own modules once, and not again for every file:
    // that halves the time of the quick suites. So a file that changes the environment, a global or a
    // spied object changes it back.
    isolate: false,
  },
});
