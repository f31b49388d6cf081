import { defineConfig } from 'vitest/config';

/** Without the suites that are slow, need a second engine or test no mutated file. */
const suites = {
  core: [
    'test/unit/*.test.ts',
    'test/store/*.test.ts',
    'test/admin/import.test.ts',
    'test/properties/exhaustive.test.ts',
  ],
  wires: [
    'test/wire/{eos,s360,ccstore,ccstoreui}/*.test.ts',
    'test/wire/all/{documented,documents,examples,refusals}.test.ts',
    'test/unit/contract.test.ts',
    'test/admin/{input,open}.test.ts',
  ],
};

/** The suites that `npm run mutants` runs for the core or for the wires, as `MUTANTS` says. */
export default defineConfig({
  test: {
    globalSetup: 'test/support/engines.ts',
    include: suites[process.env.MUTANTS === 'wires' ? 'wires' : 'core'],
    exclude: [
      'test/unit/architecture.test.ts',
      'test/unit/key-fleet.test.ts',
      'test/store/memory.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A worker loads the modules once for each mutant, and not again for every file.
    isolate: false,
  },
});
