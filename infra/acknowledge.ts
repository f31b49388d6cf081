import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says why one finding of cdk-nag stands on one resource. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}
