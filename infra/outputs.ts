import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type { LambdaApplication } from 'aws-cdk-lib/aws-codedeploy';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { ApiKeys } from './api-keys.ts';
import type { Keys } from './keys.ts';
import type { RefreshApi } from './refresh-api.ts';
import type { SessionAdmin } from './session-admin.ts';
import type { SessionEvents } from './session-events.ts';
import type { SessionTable } from './session-table.ts';
import type { Settings } from './settings.ts';

/** The parts of the stack that its outputs name. */
export interface Named {
  readonly settings: Settings;
  readonly apis: readonly RefreshApi[];
  readonly apiKeys: readonly ApiKeys[];
  readonly application: LambdaApplication;
  readonly admin: SessionAdmin;
  readonly sessions: SessionTable;
  readonly keys: Keys;
  readonly topic: ITopic;
  readonly events: SessionEvents | undefined;
}

/** Adds the stack's outputs: what its users and the runbooks refer to. */
export function addOutputs(stack: Stack, parts: Named): void {
  for (const [words, description, value] of [
    ...parts.apis.flatMap((api) => ofApi(api, parts.settings)),
    ...parts.apiKeys.flatMap(ofApiKeys),
    ...ofStack(parts),
    ...parts.keys
      .arns()
      .map(
        ([contract, purpose, arn]): Output => [
          `${contract}-${purpose}-secret`,
          secretIs[purpose](contract),
          arn,
        ],
      ),
    ...(parts.events ? ofEvents(parts.events) : []),
  ]) {
    // `eos-url` becomes `EosUrl`.
    const name = words.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    new CfnOutput(stack, name, { description, value });
  }
}

/** The words of an output's name, what it is, and its value. */
type Output = readonly [words: string, description: string, value: string];

function ofApi({ contract, url, lambda }: RefreshApi, { domain }: Settings): Output[] {
  const { name, path } = contract;
  return [
    [
      `${name}-url`,
      `Where clients of ${name} refresh, by POST`,
      domain ? `https://${domain.name}${path}` : url,
    ],
    [
      `${name}-function`,
      `The Lambda of ${name}; clients are sent to its alias live`,
      lambda.functionName,
    ],
  ];
}

function ofApiKeys({ ids }: ApiKeys): Output[] {
  return [...ids].flatMap(([client, { key: id, plan }]): Output[] => [
    [`api-key-${client}-id`, `The id of the api key of ${client}`, id],
    [`usage-plan-${client}-id`, `The id of the usage plan of ${client}`, plan],
    [
      `api-key-${client}-show`,
      `The command that shows the api key of ${client}`,
      `aws apigateway get-api-key --include-value --query value --output text --api-key ${id}`,
    ],
  ]);
}

function ofStack({ application, admin, sessions, topic }: Named): Output[] {
  return [
    [
      'session-admin-function',
      'The Lambda that opens, shows and ends sessions: --function of the command line',
      admin.functionName,
    ],
    [
      'release-application',
      'The application of CodeDeploy, with a group for each contract',
      application.applicationName,
    ],
    ['session-table', 'The table of all sessions', sessions.tableName],
    ['alarm-topic', 'The SNS topic of all alarms', topic.topicArn],
  ];
}

function ofEvents({ bus, pipeName, lostUrl }: SessionEvents): Output[] {
  return [
    ['session-events', 'The bus of session events', bus.eventBusName],
    ['session-events-pipe', 'The pipe that fills the bus', pipeName],
    ['session-events-lost', 'The queue of what the pipe gave up', lostUrl],
  ];
}

const secretIs = {
  root: (contract: string) => `The secret of ${contract} that its digests and encryption come from`,
  signing: (contract: string) => `The secret that ${contract} signs tokens with`,
};
