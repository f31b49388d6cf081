import { type Bundle, bundle } from './bundle.ts';
import type { Effort } from './effort.ts';
import { median } from './numbers.ts';
import { turned } from './rounds.ts';
import type { Stage } from './stage.ts';
import { type Measured, subject, type Taken } from './subject.ts';
import type { Table } from './table.ts';

/** From the start of a process to its first answer, every subject and every step of importing in turn. */
export async function cold(
  { folder, env, floor, bundles, subjects }: Stage,
  { starts }: Pick<Effort, 'starts'>,
): Promise<Table> {
  const started: { readonly one: Measured; readonly kB: number; readonly taken: Taken[] }[] = [];
  for (const [name, text] of steps) {
    const { file, kB } = await bundle(folder, `step-${started.length}`, { text: text + answers });
    started.push({ one: { name, file, env, event: {} }, kB, taken: [] });
  }
  for (const one of await subjects()) {
    const { kB }: Bundle = bundles.get(one.name) ?? floor;
    started.push({ one, kB, taken: [] });
  }
  for (let start = 0; start < starts; start += 1)
    for (const { one, taken } of turned(started, start)) {
      const { first, stop } = await subject(one);
      taken.push(first);
      await stop();
    }
  const base = started.find(({ one }) => one.file === floor.file)?.taken ?? [];
  return {
    title: 'Cold start',
    note: `From the start of the process to the first answer: medians of ${starts}, keys in the environment.`,
    rows: started.map(({ one, kB, taken }) => {
      const wall = median(taken.map(({ wallMs }) => wallMs));
      const cpu = median(taken.map(({ cpuMs }) => cpuMs));
      const ratios = taken.map(({ wallMs }, at) => wallMs / (base[at]?.wallMs ?? Number.NaN));
      return {
        subject: one.name,
        'bundle kB': kB,
        'wall ms': wall,
        'CPU ms': cpu,
        '× floor': median(ratios),
      };
    }),
  };
}

/** What a handler imports, each alone, in as much as a handler needs of it. */
const steps: readonly (readonly [name: string, text: string])[] = [
  ['an empty handler', ''],
  ['node:http', "import { request } from 'node:http'; export const kept = request;"],
  [
    'client-dynamodb',
    "import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'; export const kept = [new DynamoDBClient(), GetItemCommand, UpdateItemCommand];",
  ],
  [
    'client-secrets-manager',
    "import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'; export const kept = [new SecretsManagerClient(), GetSecretValueCommand];",
  ],
  ['@middy/core', "import middy from '@middy/core'; export const kept = middy();"],
  [
    'Powertools logger and metrics',
    "import { Logger } from '@aws-lambda-powertools/logger'; import { Metrics } from '@aws-lambda-powertools/metrics'; export const kept = [new Logger(), new Metrics()];",
  ],
  ['jose', "import { CompactSign } from 'jose'; export const kept = CompactSign;"],
];

const answers = '\nexport const handler = async () => ({ statusCode: 200 });\n';
