import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { demoApiKey } from '../demo.ts';
import { type RequestTemplate, requestTemplate } from '../request-template.ts';

/** What `try.js` needs to know of a contract. */
export interface Setup {
  readonly name: string;
  /** The contract whose sessions it refreshes. */
  readonly serves: string;
  readonly template: RequestTemplate;
  /** Which member of what the client holds is the secret. */
  readonly secret: string;
  /** The entry of the client package, where there is one. */
  readonly client: string | undefined;
  readonly refusals: readonly ShownRefusal[];
}

/** A refusal, and the requests that lead to it. */
interface ShownRefusal {
  readonly label: string;
  readonly steps: readonly Step[];
}

/** A request: which credential it presents, and what `X-Local-Simulate` says of its situation. */
interface Step {
  readonly present: 'newest' | 'first' | 'wrong';
  readonly simulate?: string;
  /** Whether the session is revoked before. */
  readonly revoke?: true;
}

/** The setup of a contract's page. */
export function setupOf(contract: Contract): Setup {
  const { name, serves } = contract;
  const template = requestTemplate(contract, demoApiKey);
  const inBody = Object.keys(template.members).find((member) => member !== 'sessionId');
  return {
    name,
    serves,
    template,
    secret: template.headers.Authorization ? 'accessToken' : (inBody ?? ''),
    client: clientEntry(name),
    refusals: refusalsOf(contract),
  };
}

function refusalsOf({ policy, rotates }: Contract): readonly ShownRefusal[] {
  // The documented token of ccstore lives 930 seconds; a second later it is expired.
  const idle = (typeof policy.idle === 'number' ? policy.idle : 930) + 1;
  const once = (simulate: string): readonly Step[] => [{ present: 'newest', simulate }];
  return [
    { label: 'Idle too long', steps: once(`later=${idle}`) },
    { label: 'Lifetime over', steps: once(`later=${policy.lifetime}`) },
    { label: 'Revoked', steps: [{ present: 'newest', revoke: true }] },
    { label: 'Wrong secret', steps: [{ present: 'wrong' }] },
    ...(rotates ? [{ label: 'Reused secret', steps: reuse }] : []),
    { label: 'Throttled', steps: once('rate=over') },
    { label: 'Unavailable', steps: once('storage=down') },
  ];
}

/** Under rotation, an old secret that comes back after the grace period ends the session. */
const reuse: readonly Step[] = [
  { present: 'first', simulate: 'rotation=10' },
  { present: 'newest', simulate: 'rotation=10; later=60' },
  { present: 'first', simulate: 'rotation=10; later=120' },
];

/** `@session-refresh/client/eos`, where the package has such an entry. */
function clientEntry(name: string): string | undefined {
  const file = join(import.meta.dirname, '../../client/package.json');
  const { name: own, exports } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.hasOwn(exports, `./${name}`) ? `${own}/${name}` : undefined;
}
