import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type EpochSeconds, epochSeconds } from '../time.ts';

/** The labels of Secrets Manager that this project reads. */
export type Label = 'AWSCURRENT' | 'AWSPREVIOUS';

/** One version of a secret. A version never changes; labels move from one version to another. */
export interface SecretVersion {
  readonly id: string;
  readonly text: string;
  /** When the version was created, which says nothing about when a label was moved to it. */
  readonly createdAt: EpochSeconds;
}

/**
 * Reads the version of a secret that a label names; `undefined` where the secret or the label is missing.
 * @throws Error where Secrets Manager does not answer, or refuses
 */
export type ReadSecret = (id: string, label: Label) => Promise<SecretVersion | undefined>;

/**
 * Reads secrets by `GetSecretValue`, whose `CreatedDate` is that of the version. The request handler's
 * options bound each of two tries.
 */
export function secretsManager(requestHandler: object): ReadSecret {
  const client = new SecretsManagerClient({ maxAttempts: 2, requestHandler });
  return async (id, label) => {
    try {
      const answer = await client.send(
        new GetSecretValueCommand({ SecretId: id, VersionStage: label }),
      );
      const { VersionId = '', SecretString: text = '', CreatedDate } = answer;
      const createdAt = epochSeconds((CreatedDate?.getTime() ?? 0) / 1000);
      return { id: VersionId, text, createdAt };
    } catch (error) {
      // A secret that was never rotated has no previous version.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}
