import {
  CodeDeployClient,
  PutLifecycleEventHookExecutionStatusCommand,
} from '@aws-sdk/client-codedeploy';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { contracts } from '../contracts.ts';
import { keySource, policyIn, sessionTable } from '../core/lambda/services.ts';
import { systemClock } from '../core/time.ts';
import type { AdminServices } from '../session-admin/command.ts';
import { type CallBuild, problemOf } from './check.ts';

/** The event with which CodeDeploy invokes a hook. */
export interface HookEvent {
  readonly DeploymentId: string;
  readonly LifecycleEventHookExecutionId: string;
}

/** The result for a version. The Lambda logs it and returns it. */
export interface Verdict {
  readonly contract: string;
  readonly version: string;
  readonly status: 'Succeeded' | 'Failed';
  readonly problem?: string;
}

/**
 * The hook that CodeDeploy invokes before it routes client traffic to a new version of a contract's
 * Lambda. Reports `Succeeded` to CodeDeploy if the version refreshes and refuses correctly.
 * Otherwise reports `Failed`, and CodeDeploy routes no traffic to the version.
 * docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
 */
export async function handler(event: HookEvent): Promise<Verdict> {
  const problem = await checked();
  const status = problem === undefined ? 'Succeeded' : 'Failed';
  const verdict = {
    contract: contract.name,
    version,
    status,
    ...(problem && { problem }),
  } as const;
  // With Lambda's JSON log format, console.log would wrap the line in another JSON object.
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  await codeDeploy.send(
    new PutLifecycleEventHookExecutionStatusCommand({
      deploymentId: event.DeploymentId,
      lifecycleEventHookExecutionId: event.LifecycleEventHookExecutionId,
      status,
    }),
  );
  return verdict;
}

/**
 * Returns what is wrong with the version. For an error this is only its name, because the message
 * can quote a credential.
 */
async function checked(): Promise<string | undefined> {
  try {
    return await problemOf(contract, callVersion, services);
  } catch (error) {
    return error instanceof Error ? error.name : 'an unknown error';
  }
}

/** A variable of this Lambda. @throws Error if infra/release.ts has not set it */
function variable(name: 'RELEASE_CONTRACT' | 'RELEASE_VERSION'): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`the environment has no ${name}; infra/release.ts sets it`);
}

const version = variable('RELEASE_VERSION');
const named = contracts.find(({ name }) => name === variable('RELEASE_CONTRACT'));
if (!named) throw new Error('RELEASE_CONTRACT names no contract; infra/release.ts sets it');
const contract = named;

const requestHandler = {
  connectionTimeout: 1000,
  requestTimeout: 10_000,
  throwOnRequestTimeout: true,
};
const lambda = new LambdaClient({ maxAttempts: 2, requestHandler });
const codeDeploy = new CodeDeployClient({ maxAttempts: 3, requestHandler });

const services: AdminServices = {
  table: sessionTable(process.env),
  keys: keySource(contract, process.env, () => undefined),
  policy: () => policyIn(process.env, contract),
  clock: systemClock,
  wait: async () => undefined,
};

const callVersion: CallBuild = async (event) => {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: version, Payload: JSON.stringify(event) }),
  );
  return FunctionError || !Payload ? undefined : JSON.parse(Payload.transformToString());
};
