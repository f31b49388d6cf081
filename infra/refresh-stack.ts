import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { contracts } from '../functions/contracts.ts';
import { ApiKeys } from './api-keys.ts';
import { CustomDomain } from './custom-domain.ts';
import { Keys } from './keys.ts';
import { LoggingRole } from './logging-role.ts';
import { Observability } from './observability.ts';
import { RefreshApi } from './refresh-api.ts';
import { SessionAdmin } from './session-admin.ts';
import { SessionTable } from './session-table.ts';
import type { Settings } from './settings.ts';

export interface RefreshStackProps extends StackProps {
  readonly settings: Settings;
}

/** The product: one table, an API and a Lambda for each contract, and the Lambda that opens and ends. */
export class RefreshStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: RefreshStackProps) {
    super(scope, id, {
      description: 'Refreshes the sessions of three documented APIs over one DynamoDB table',
      ...props,
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
        domain ? `https://${domain.name}${contract.path}` : api.url,
      );
    }
    if (settings.domain) new CustomDomain(this, 'Domain', { apis, ...settings.domain });
    const admin = new SessionAdmin(this, 'SessionAdmin', { settings, sessions, keys });
    const adminLogs = admin.logGroup;
    const { topic } = new Observability(this, 'Observability', {
      apis,
      sessions,
      adminLogs,
      settings,
    });

    this.output('session-admin-function', admin.functionName);
    this.output('session-table', sessions.tableName);
    this.output('alarm-topic', topic.topicArn);
    for (const [name, purpose, arn] of keys.arns()) this.output(`${name}-${purpose}-secret`, arn);
  }

  private outputKeys({ ids }: ApiKeys): void {
    for (const [client, { key: id, plan }] of ids) {
      this.output(`api-key-${client}-id`, id);
      this.output(`usage-plan-${client}-id`, plan);
      this.output(
        `api-key-${client}-show`,
        `aws apigateway get-api-key --include-value --query value --output text --api-key ${id}`,
      );
    }
  }

  /** An output by its words: `eos-url` is EosUrl. */
  private output(words: string, value: string): void {
    const name = words.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    new CfnOutput(this, name, { value });
  }
}
