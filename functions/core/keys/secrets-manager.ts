import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { epochSeconds } from '../time.ts';
import type { ReadSecret } from './stored-keys.ts';

/**
 * Reads secrets from Secrets Manager, whose `CreatedDate` is that of the version. The request handler's
 * options bound each of two tries.
 */
export function secretsManager(requestHandler: object): ReadSecret {
  const client = new SecretsManagerClient({ maxAttempts: 2, requestHandler });
  return async (id, version) => {
    try {
      const command = new GetSecretValueCommand({ SecretId: id, VersionStage: version });
      const { SecretString: text = '', CreatedDate } = await client.send(command);
      return { text, createdAt: epochSeconds((CreatedDate?.getTime() ?? 0) / 1000) };
    } catch (error) {
      // A secret that was never rotated has no previous version.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}
