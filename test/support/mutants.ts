import { afterEach, inject, vi } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Stryker's own: where its variables are, the mutant, and whether it is active while modules load. */
    globalNamespace: string;
    activeMutant?: string;
    mutantActivation?: 'static' | 'runtime';
  }
}

const stryker = Reflect.get(globalThis, inject('globalNamespace')) ?? {};
const mutant = inject('activeMutant');

// Stryker stops at the first failing test, but vitest would still load every other suite.
if (mutant !== undefined && stryker.killed === mutant) throw new Error('the mutant is killed');
afterEach(({ task }) => {
  if (task.result?.state === 'fail') stryker.killed = mutant;
});

// A worker serves many mutants, and a constant is mutated only while its module loads: so each suite
// loads the modules anew, and without the mutant that was active last.
vi.resetModules();
if (inject('mutantActivation') !== 'static') stryker.activeMutant = undefined;
