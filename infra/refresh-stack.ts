import { CfnOutput, Stack } from 'aws-cdk-lib';
import { LambdaApplication } from 'aws-cdk-lib/aws-codedeploy';
import type { Construct } from 'constructs';
import { contracts } from '../functions/contracts.ts';
import { ApiKeys } from './api-keys.ts';
import { CustomDomain } from './custom-domain.ts';
import { Firewall } from './firewall.ts';
import { Keys } from './keys.ts';
import { LoggingRole } from './logging-role.ts';
import { Observability } from './observability.ts';
import { RefreshApi } from './refresh-api.ts';
import { Release } from './release.ts';
import { SessionAdmin } from './session-admin.ts';
import { SessionEvents } from './session-events.ts';
import { SessionTable } from './session-table.ts';
import type { Stage } from './stages.ts';

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
    const apis: RefreshApi[] = [];
    for (const contract of contracts) {
      const api = new RefreshApi(this, contract.name, { contract, settings, sessions, keys });
      if (logging) api.stage.node.addDependency(logging);
      if (contract.apiKey === 'required')
        this.outputKeys(
          new ApiKeys(this, `${contract.name}-clients`, {
            api: api.api,
            stage: api.stage,
            clients: settings.clients,
          }),
        );
      apis.push(api);
      const { domain } = settings;
      this.output(
        `${contract.name}-url`,
        `Where clients of ${contract.name} refresh, by POST`,
        domain ? `https://${domain.name}${contract.path}` : api.url,
      );
    }
    const application = new LambdaApplication(this, 'Application');
    for (const api of apis)
      new Release(this, `${api.contract.name}-release`, {
        api,
        application,
        settings,
        sessions,
        keys,
      });
    if (settings.firewall) new Firewall(this, 'Firewall', { apis, ...settings.firewall });
    if (settings.domain) new CustomDomain(this, 'Domain', { apis, ...settings.domain });
    const admin = new SessionAdmin(this, 'SessionAdmin', { settings, sessions, keys });
    const { streamArn } = sessions;
    const events =
      settings.sessionEvents && streamArn
        ? new SessionEvents(this, 'Events', { streamArn })
        : undefined;
    if (events) this.output('session-events', 'The bus of session events', events.bus.eventBusName);
    const { topic } = new Observability(this, 'Observability', {
      apis,
      sessions,
      events,
      adminLogs: admin.logGroup,
      settings,
    });

    this.output(
      'session-admin-function',
      'The Lambda that opens, shows and ends sessions: --function of the command line',
      admin.functionName,
    );
    this.output('session-table', 'The table of all sessions', sessions.tableName);
    this.output('alarm-topic', 'The SNS topic of all alarms', topic.topicArn);
    for (const [contract, purpose, arn] of keys.arns())
      this.output(`${contract}-${purpose}-secret`, secretIs[purpose](contract), arn);
  }

  private outputKeys({ ids }: ApiKeys): void {
    for (const [client, { key: id, plan }] of ids) {
      this.output(`api-key-${client}-id`, `The id of the api key of ${client}`, id);
      this.output(`usage-plan-${client}-id`, `The id of the usage plan of ${client}`, plan);
      this.output(
        `api-key-${client}-show`,
        `The command that shows the api key of ${client}`,
        `aws apigateway get-api-key --include-value --query value --output text --api-key ${id}`,
      );
    }
  }

  /** Adds an output named after the words: `eos-url` becomes `EosUrl`. */
  private output(words: string, description: string, value: string): void {
    const name = words.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    new CfnOutput(this, name, { description, value });
  }
}

const secretIs = {
  root: (contract: string) => `The secret of ${contract} that its digests and encryption come from`,
  signing: (contract: string) => `The secret that ${contract} signs tokens with`,
};
