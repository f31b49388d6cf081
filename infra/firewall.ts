import { Stack } from 'aws-cdk-lib';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { fixedHeaders } from './gateway-faults.ts';
import type { RefreshApi } from './refresh-api.ts';
import type { Firewall as FirewallSettings } from './settings.ts';

export interface FirewallProps extends FirewallSettings {
  readonly api: RefreshApi;
}

/**
 * AWS WAF before a contract's API: a rate limit per address, then AWS's common rules. An address over its
 * rate gets the contract's `over-rate`, so that a client that shares it tries again. API Gateway answers
 * what the common rules block, with the contract's `forbidden`.
 */
export class Firewall extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { api: { contract, stage, cors }, ratePerAddress, onlyCounted = [] }: FirewallProps,
  ) {
    super(scope, id);
    const reply = contract.refuse('over-rate', noRequestId);
    const visibility = (rule: string) => ({
      cloudWatchMetricsEnabled: true,
      metricName: `${Stack.of(this).stackName}-${contract.name}-${rule}`,
      // A sampled request shows its headers, and with them its credential.
      sampledRequestsEnabled: false,
    });
    const acl = new CfnWebACL(this, 'Acl', {
      description: `Limits addresses and refuses known attacks before ${contract.name}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility('firewall'),
      ...(reply.body !== '' && {
        customResponseBodies: {
          'over-rate': { contentType: 'APPLICATION_JSON', content: reply.body },
        },
      }),
      rules: [
        {
          name: 'rate-per-address',
          priority: 0,
          action: {
            block: {
              customResponse: {
                responseCode: reply.status,
                ...(reply.body !== '' && { customResponseBodyKey: 'over-rate' }),
                responseHeaders: Object.entries(fixedHeaders(reply, cors)).map(([name, value]) => ({
                  name,
                  value,
                })),
              },
            },
          },
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              limit: ratePerAddress,
              evaluationWindowSec: 300,
            },
          },
          visibilityConfig: visibility('rate-per-address'),
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
          visibilityConfig: visibility('common-rules'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: stage.stageArn,
      webAclArn: acl.attrArn,
    });
  }
}

/** A body that AWS WAF sends can't hold the request's id: a chosen value for the field of it. */
const noRequestId = '00000000-0000-0000-0000-000000000000';
