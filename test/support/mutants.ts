import { inject, vi } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Stryker's: where its variables are, and whether a mutant is active while modules load. */
    globalNamespace: string;
    mutantActivation?: 'static' | 'runtime';
  }
}

// A worker serves many mutants, and a constant is mutated only while its module loads: so every file
// loads the modules anew, and without the mutant that was active last.
vi.resetModules();
if (inject('mutantActivation') !== 'static')
  Reflect.set(Reflect.get(globalThis, inject('globalNamespace')), 'activeMutant', undefined);
