import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { contracts } from '../functions/contracts.ts';
import type { Contract } from '../functions/core/contract/contract.ts';
import type { Fault } from '../functions/core/contract/fault.ts';

/**
 * Calls each contract at its deployed URL without a credential, and at a path that its API does not have,
 * and expects to be refused in its own words: `npm run smoke -- outputs.json`, the file that
 * `cdk deploy --outputs-file` writes.
 */
const [file = 'outputs.json'] = process.argv.slice(2);
const stacks: Record<string, Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
const outputs: Record<string, string> = Object.assign({}, ...Object.values(stacks));

for (const contract of contracts) {
  const { name } = contract;
  const url = outputs[`${name.charAt(0).toUpperCase()}${name.slice(1)}Url`];
  const problem = url ? await problemOf(url, contract) : `${file} has no URL of it`;
  console.log(`${name}: ${problem ?? `${url} refuses in its own words`}`);
  if (problem) process.exitCode = 1;
}

/** What is wrong with the answers of a contract; undefined where nothing is. */
async function problemOf(url: string, contract: Contract): Promise<string | undefined> {
  // API Gateway refuses a client without a key itself, and the Lambda a request without a credential.
  const first = contract.apiKey === 'required' ? 'unknown-client' : 'malformed-request';
  return (
    (await problemAt(url, contract, first)) ??
    // AWS does not document that an empty gateway response, as `ccstoreui` has, is sent as an empty body.
    (await problemAt(`${url}/nowhere`, contract, 'unknown-route'))
  );
}

/** What is wrong with the answer at a URL, which should be this refusal; undefined where nothing is. */
async function problemAt(
  url: string,
  { refuse }: Pick<Contract, 'refuse'>,
  fault: Fault,
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
  const expected = refuse(fault, headers.get('x-amzn-RequestId') ?? '');
  if (status !== expected.status || text !== expected.body)
    return `${url} answers ${status} ${text}; expected ${expected.status} ${expected.body}`;
  if (headers.get('cache-control') !== 'no-store') return `${url} lets its answer be stored`;
  if (headers.get('x-request-id') !== requestId) return `${url} does not echo X-Request-Id`;
  return undefined;
}
