import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type EpochSeconds, epochSeconds } from '../time.ts';

/** The staging labels of Secrets Manager that this project reads. */
export type Label = 'AWSCURRENT' | 'AWSPREVIOUS';

/** One version of a secret. A version never changes; the labels move between versions. */
export interface SecretVersion {
  readonly id: string;
  readonly text: string;
  /** When the version was created. A label can move to it later. */
  readonly createdAt: EpochSeconds;
}

/**
 * Reads the version of a secret that has a label; `undefined` if the secret or the label does not
 * exist.
 * @throws Error if Secrets Manager does not answer or refuses to
 */
export type ReadSecret = (id: string, label: Label) => Promise<SecretVersion | undefined>;

/**
 * Reads secrets by `GetSecretValue`. Its `CreatedDate` is the date of the version. The options of
 * the request handler limit the time of each of two tries.
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
      // A secret that was never rotated has no version with AWSPREVIOUS.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}
