import { Stack } from 'aws-cdk-lib';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { RefreshApi } from './refresh-api.ts';
import type { Firewall as FirewallSettings } from './settings.ts';

export interface FirewallProps extends FirewallSettings {
  readonly apis: readonly RefreshApi[];
}

/**
 * AWS WAF before each API: a limit per address, then AWS's common rules. API Gateway answers what it
 * blocks, in the contract's words for `forbidden`.
 */
export class Firewall extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { apis, ratePerAddress, onlyCounted = [] }: FirewallProps,
  ) {
    super(scope, id);
    const measured = (metricName: string) => ({
      cloudWatchMetricsEnabled: true,
      metricName: `${Stack.of(this).stackName}-${metricName}`,
      // A sampled request shows its headers, and with them its credential.
      sampledRequestsEnabled: false,
    });
    const acl = new CfnWebACL(this, 'Acl', {
      description: 'Limits addresses and refuses known attacks before the refresh APIs',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: measured('firewall'),
      rules: [
        {
          name: 'rate-per-address',
          priority: 0,
          action: { block: {} },
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              limit: ratePerAddress,
              evaluationWindowSec: 300,
            },
          },
          visibilityConfig: measured('rate-per-address'),
        },
        {
          name: 'common-rules',
          priority: 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name: 'AWSManagedRulesCommonRuleSet',
              ruleActionOverrides: onlyCounted.map((name) => ({
                name,
                actionToUse: { count: {} },
              })),
            },
          },
          visibilityConfig: measured('common-rules'),
        },
      ],
    });
    for (const { contract, stage } of apis)
      new CfnWebACLAssociation(this, contract.name, {
        resourceArn: stage.stageArn,
        webAclArn: acl.attrArn,
      });
  }
}
