import { matchesGlob, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Without the suites that are slow, need a second engine or test no mutated file. */
const suites = {
  core: [
    'test/unit/!(architecture|stored-keys).test.ts',
    'test/store/table.test.ts',
    'test/admin/import.test.ts',
    'test/store/registry.test.ts',
    'test/unit/stored-keys.test.ts',
    'test/properties/exhaustive.test.ts',
  ],
  wires: [
    'test/unit/contract.test.ts',
    'test/wire/{eos,s360,ccstore,ccstoreui}/*.test.ts',
    'test/wire/all/{documented,examples}.test.ts',
    'test/admin/{input,commands}.test.ts',
    'test/wire/all/documents.test.ts',
  ],
};

const include = suites[process.env.MUTANTS === 'wires' ? 'wires' : 'core'];

/** Runs the suites in the order of the list: the first failing test kills a mutant. */
class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => place(one) - place(other));
  }
}

function place({ moduleId }: TestSpecification): number {
  return include.findIndex((glob) => matchesGlob(relative('.', moduleId), glob));
}

/** The suites that `npm run mutants` runs for the core or for the wires, as `MUTANTS` says. */
export default defineConfig({
  test: {
    globalSetup: 'test/support/engines.ts',
    setupFiles: 'test/support/mutants.ts',
    include,
    sequence: { sequencer: AsListed, setupFiles: 'list' },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A worker loads the libraries once for all mutants; test/support/mutants.ts says what it loads anew.
    isolate: false,
  },
});
