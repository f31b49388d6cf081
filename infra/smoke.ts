import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { contracts } from '../functions/contracts.ts';
import type { Contract } from '../functions/core/contract/contract.ts';

/**
 * Calls each contract at its deployed URL without a credential, and expects to be refused in its own
 * words: `npm run smoke -- outputs.json`, the file that `cdk deploy --outputs-file` writes.
 */
const [file = 'outputs.json'] = process.argv.slice(2);
const stacks: Record<string, Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
const outputs: Record<string, string> = Object.assign({}, ...Object.values(stacks));

for (const contract of contracts) {
  const { name } = contract;
  const url = outputs[`${name.charAt(0).toUpperCase()}${name.slice(1)}Url`];
  const problem = url ? await problemAt(url, contract) : `${file} has no URL of it`;
  console.log(`${name}: ${problem ?? `${url} refuses in its own words`}`);
  if (problem) process.exitCode = 1;
}

/** What is wrong with the answer at a URL; undefined where nothing is. */
async function problemAt(
  url: string,
  { apiKey, refuse }: Pick<Contract, 'apiKey' | 'refuse'>,
): Promise<string | undefined> {
  const requestId = `smoke-${randomUUID()}`;
  let answer: Response;
  try {
    const signal = AbortSignal.timeout(10_000);
    answer = await fetch(url, { method: 'POST', headers: { 'X-Request-Id': requestId }, signal });
  } catch (error) {
    return `${url} does not answer: ${error instanceof Error ? error.message : error}`;
  }
  const { status, headers } = answer;
  const text = await answer.text();
  // API Gateway refuses a client without a key itself, and the Lambda a request without a credential.
  const fault = apiKey === 'required' ? 'unknown-client' : 'malformed-request';
  const expected = refuse(fault, headers.get('x-amzn-RequestId') ?? '');
  if (status !== expected.status || text !== expected.body)
    return `${url} answers ${status} ${text}; expected ${expected.status} ${expected.body}`;
  if (headers.get('cache-control') !== 'no-store') return `${url} lets its answer be stored`;
  if (headers.get('x-request-id') !== requestId) return `${url} does not echo X-Request-Id`;
  return undefined;
}
