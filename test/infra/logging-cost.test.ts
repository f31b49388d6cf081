import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { asDeployed } from '../../bench/bundle.ts';
import { contracts } from '../../functions/contracts.ts';

/** The bytes of a contract's bundle, made as the stack makes it; optionally without its log and metrics. */
async function bytes(contract: string, silent: boolean): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [`functions/${contract}/handler.ts`],
    ...asDeployed,
    sourcemap: false,
    write: false,
    plugins: silent
      ? [
          {
            name: 'silence',
            setup({ onLoad }) {
              const contents = 'export const cloudWatchLog = () => ({ write() {}, notice() {} });';
              onLoad({ filter: /core\/lambda\/log\.ts$/ }, () => ({ contents }));
            },
          },
        ]
      : [],
  });
  return outputFiles[0]?.contents.length ?? 0;
}

test.for(contracts)('log and metrics cost $name less than 45 kB', async ({ name }) => {
  const cost = (await bytes(name, false)) - (await bytes(name, true));
  expect(cost).toBeGreaterThan(1000);
  expect(cost).toBeLessThan(45_000);
});
