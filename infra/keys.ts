import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { contracts } from '../functions/contracts.ts';
import type { Contract } from '../functions/core/contract/contract.ts';
import { acknowledge } from './acknowledge.ts';
import type { ServiceFunction } from './service-function.ts';
import type { Settings } from './settings.ts';

interface ContractSecrets {
  readonly root: Secret;
  readonly signing?: Secret;
}

/** Every contract's secrets: 64 random alphanumerics each, made at deployment and shown to nobody. */
export class Keys extends Construct {
  private readonly secrets: ReadonlyMap<string, ContractSecrets>;

  constructor(scope: Construct, id: string, { retain }: Pick<Settings, 'retain'>) {
    super(scope, id);
    const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const secret = (contract: string, purpose: string, description: string) => {
      const made = new Secret(this, `${contract}-${purpose}`, {
        description,
        generateSecretString: { passwordLength: 64, excludePunctuation: true },
        removalPolicy,
      });
      acknowledge(made, 'AwsSolutions-SMG4', byHand[purpose as keyof typeof byHand]);
      return made;
    };
    this.secrets = new Map(
      contracts.map(({ name, signs }) => [
        name,
        {
          root: secret(
            name,
            'root',
            `What the keys of ${name} come from; replacing it ends its sessions`,
          ),
          ...(signs && { signing: secret(name, 'signing', `The HS256 key of ${name}`) }),
        },
      ]),
    );
  }

  /** The ARN of every secret, by contract and purpose. */
  arns(): readonly (readonly [contract: string, purpose: 'root' | 'signing', arn: string])[] {
    return [...this.secrets].flatMap(([name, { root, signing }]) => [
      [name, 'root', root.secretArn] as const,
      ...(signing ? [[name, 'signing', signing.secretArn] as const] : []),
    ]);
  }

  /** Lets a Lambda read the secrets of these contracts, and tells it where they are. */
  grantRead(lambda: ServiceFunction, of: readonly Contract[]): void {
    const mine = [...this.secrets].filter(([name]) =>
      of.some((contract) => contract.name === name),
    );
    const ids = mine.map(([name, { root, signing }]): [string, object] => [
      name,
      { root: root.secretArn, ...(signing && { signing: signing.secretArn }) },
    ]);
    lambda.addToRolePolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: mine
          .flatMap(([, { root, signing }]) => (signing ? [root, signing] : [root]))
          .map(({ secretArn }) => secretArn),
      }),
    );
    lambda.addEnvironment('SESSION_SECRETS', Stack.of(this).toJsonString(Object.fromEntries(ids)));
  }
}

const byHand = {
  root: 'Replacing a root key ends every session of its contract: that is a decision, not a schedule.',
  signing:
    'Relying parties hold the signing key too: it is rotated together with them, by the command in docs/operations.md.',
};
