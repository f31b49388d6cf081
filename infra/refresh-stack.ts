import { Stack } from 'aws-cdk-lib';
import { LambdaApplication } from 'aws-cdk-lib/aws-codedeploy';
import type { Construct } from 'constructs';
import { contracts } from '../functions/contracts.ts';
import { ApiKeys } from './api-keys.ts';
import { CustomDomain } from './custom-domain.ts';
import { Firewall } from './firewall.ts';
import { Keys } from './keys.ts';
import { LoggingRole } from './logging-role.ts';
import { Observability } from './observability.ts';
import { addOutputs } from './outputs.ts';
import { RefreshApi } from './refresh-api.ts';
import { Release } from './release.ts';
import { SessionAdmin } from './session-admin.ts';
import { SessionEvents } from './session-events.ts';
import { SessionTable } from './session-table.ts';
import type { Stage } from './stages.ts';
import { TraceSampling } from './trace-sampling.ts';

export interface RefreshStackProps {
  readonly stage: Stage;
}

/** The whole service: one table, an API and a Lambda for each contract, and session-admin. */
export class RefreshStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { stage: { name: stage, settings } }: RefreshStackProps,
  ) {
    super(scope, id, {
      description: 'Refreshes the sessions of three documented APIs over one DynamoDB table',
      terminationProtection: settings.retain,
      tags: { service: 'session-refresh', stage, ...settings.tags },
      ...(settings.target && { env: settings.target }),
    });
    const sessions = new SessionTable(this, 'Sessions', settings);
    const keys = new Keys(this, 'Keys', settings);
    const logging = settings.accountHasLoggingRole ? undefined : new LoggingRole(this, 'Logging');
    const application = new LambdaApplication(this, 'Application');
    const parts = { settings, sessions, keys };
    const apis = contracts.map((contract) => {
      const api = new RefreshApi(this, contract.name, { contract, ...parts });
      if (logging) api.stage.node.addDependency(logging);
      new Release(this, `${contract.name}-release`, { api, application, ...parts });
      return api;
    });
    const { clients, firewall, domain, sessionEvents } = settings;
    const apiKeys = apis
      .filter(({ contract }) => contract.apiKey === 'required')
      .map(
        ({ contract, api, stage }) =>
          new ApiKeys(this, `${contract.name}-clients`, { api, stage, clients }),
      );
    if (firewall)
      for (const api of apis)
        new Firewall(this, `${api.contract.name}-firewall`, { api, ...firewall });
    new TraceSampling(this, 'Traces', settings);
    if (domain) new CustomDomain(this, 'Domain', { apis, ...domain });
    const admin = new SessionAdmin(this, 'SessionAdmin', parts);
    const { streamArn } = sessions;
    const events =
      sessionEvents && streamArn ? new SessionEvents(this, 'Events', { streamArn }) : undefined;
    const { topic } = new Observability(this, 'Observability', {
      apis,
      sessions,
      events,
      adminLogs: admin.logGroup,
      settings,
    });
    addOutputs(this, { apis, apiKeys, application, admin, topic, events, ...parts });
  }
}
