import { Names, Stack } from 'aws-cdk-lib';
import { CfnSamplingRule } from 'aws-cdk-lib/aws-xray';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/**
 * The X-Ray rule that says which requests of this stack's APIs are traced. A Lambda follows its API's choice.
 * docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
 */
export class TraceSampling extends Construct {
  constructor(scope: Construct, id: string, { traces: { perSecond, share } }: Settings) {
    super(scope, id);
    new CfnSamplingRule(this, 'Rule', {
      samplingRule: {
        // An account's rules share one namespace, and a name has at most 32 characters.
        ruleName: Names.uniqueResourceName(this, { maxLength: 32 }),
        version: 1,
        // Before X-Ray's default rule, 10000.
        priority: 1000,
        reservoirSize: perSecond,
        fixedRate: share,
        serviceType: 'AWS::ApiGateway::Stage',
        // API name and stage: refresh-api.ts has each API's name end in the stack's.
        serviceName: `*-${Stack.of(this).stackName}/*`,
        host: '*',
        httpMethod: '*',
        urlPath: '*',
        resourceArn: '*',
      },
    });
  }
}
