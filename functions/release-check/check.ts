import { randomUUID } from 'node:crypto';
import type { Contract } from '../core/contract/contract.ts';
import type { AdminServices, Answer } from '../session-admin/command.ts';
import { commands } from '../session-admin/commands.ts';
import { type ProxyEvent, refreshOf } from './refresh-event.ts';
import { throwAwayId } from './throw-away.ts';

/**
 * Sends a request to the build under test. Returns the build's answer; `undefined` if it crashes.
 */
export type CallBuild = (event: ProxyEvent) => Promise<BuildAnswer | undefined>;

/** The members of a Lambda's answer to API Gateway that the check reads. */
export interface BuildAnswer {
  readonly statusCode: number;
  readonly body: string;
}

/**
 * Checks a build: opens a throw-away session, refreshes it through the build, revokes it, and
 * expects the build to refuse the next refresh.
 * @returns what is wrong with the build, without any credential; `undefined` if nothing is wrong
 * @throws Error if storage, keys or Lambda do not answer
 */
export async function problemOf(
  contract: Contract,
  call: CallBuild,
  services: AdminServices,
): Promise<string | undefined> {
  const { serves } = contract;
  const sessionId = throwAwayId + randomUUID();
  const opened = await commands.open({ contract: serves, sessionId, subject }, services);
  if (opened.outcome !== 'done') return `no session opens: ${reasonOf(opened)}`;
  let refreshed: BuildAnswer | undefined;
  try {
    refreshed = await call(refreshOf(contract, opened.result, randomUUID()));
  } finally {
    // Ends the session even if the call fails.
    await commands.revoke({ contract: serves, sessionId }, services);
  }
  if (refreshed?.statusCode !== 200) return `a live session is answered ${codeOf(refreshed)}`;

  const requestId = randomUUID();
  const refused = await call(refreshOf(contract, opened.result, requestId));
  const { status, body } = contract.refuse('revoked', requestId);
  if (refused?.statusCode !== status) return `a revoked session is answered ${codeOf(refused)}`;
  return refused.body === body ? undefined : 'a revoked session is refused for another reason';
}

/** The subject of throw-away sessions, which also appears in their session events. */
const subject = 'release-check';

function codeOf(answer: BuildAnswer | undefined): string {
  return answer ? String(answer.statusCode) : 'by a crash';
}

function reasonOf(answer: Exclude<Answer, { outcome: 'done' }>): string {
  return answer.outcome === 'refused' ? answer.reason : answer.problem;
}
