import { defineConfig } from 'vitest/config';

/** The suites that `npm run mutants` runs: those of the core, the keys and the wires, without a second engine. */
export default defineConfig({
  test: {
    globalSetup: 'test/support/engines.ts',
    include: ['test/{unit,store,wire,contracts,edge,properties}/**/*.test.ts'],
    exclude: ['test/unit/key-fleet.test.ts', 'test/unit/architecture.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
