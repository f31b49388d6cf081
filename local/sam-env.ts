import { readFileSync } from 'node:fs';
import { keyFile } from '../cli/local.ts';

/**
 * Prints what `sam local … --env-vars` takes: the table and the keys of `npm start`, for every function,
 * as they are seen from inside sam's container.
 */
console.log(
  JSON.stringify(
    {
      Parameters: {
        SESSION_TABLE: process.env.SESSION_TABLE || 'sessions',
        SESSION_KEYS: readFileSync(keyFile, 'utf8'),
        // Empty: the keys are the ones above.
        SESSION_SECRETS: '',
        PRIME: '',
        AWS_ENDPOINT_URL_DYNAMODB: `http://host.docker.internal:${process.env.DYNAMODB_PORT || 8000}`,
      },
    },
    null,
    2,
  ),
);
