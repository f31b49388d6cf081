import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { sessionOwners } from '../functions/contracts.ts';
import type { Keys } from './keys.ts';
import { ServiceFunction } from './service-function.ts';
import type { SessionTable } from './session-table.ts';
import { policyOf, type Settings } from './settings.ts';

export interface SessionAdminProps {
  readonly settings: Settings;
  readonly sessions: SessionTable;
  readonly keys: Keys;
}

/** The Lambda that opens and ends sessions. It has no API: IAM decides who may invoke it. */
export class SessionAdmin extends Construct {
  private readonly lambda: ServiceFunction;

  constructor(scope: Construct, id: string, { settings, sessions, keys }: SessionAdminProps) {
    super(scope, id);
    const policies = sessionOwners.map((contract) => [contract.name, policyOf(settings, contract)]);
    this.lambda = new ServiceFunction(this, 'Function', {
      folder: 'session-admin',
      description: 'Opens, shows, lists and ends sessions',
      // revoke-all reads the index again until it is up to date.
      timeoutSeconds: 60,
      logRetentionDays: settings.logRetentionDays,
      environment: { SESSION_POLICIES: JSON.stringify(Object.fromEntries(policies)) },
    });
    sessions.grantAdmin(this.lambda);
    keys.grantRead(this.lambda, sessionOwners);
  }

  get logGroup(): ILogGroup {
    return this.lambda.logGroup;
  }

  get functionName(): string {
    return this.lambda.functionName;
  }

  /** Grants the right to open and end sessions. */
  grantInvoke(grantee: IGrantable): void {
    this.lambda.grantInvoke(grantee);
  }
}
