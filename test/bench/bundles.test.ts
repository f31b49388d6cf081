import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bundle } from '../../bench/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'bundles-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** What each module measured, in kB. Raise it knowingly: every cold start reads all of it. */
const reached = { eos: 270, s360: 283, ccstore: 273, 'session-admin': 293, 'api-key': 0.31 };

describe('the bundle', () => {
  test.for(Object.entries(reached))(
    'of %s stays within a twentieth of %d kB',
    async ([name, kB]) => {
      const made = await bundle(folder, name, { path: `functions/${name}/handler.ts` });
      expect(made.kB).toBeLessThan(kB * 1.05);
      expect(made.kB).toBeGreaterThan(kB * 0.8);
    },
  );
});
