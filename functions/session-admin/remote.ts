import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Answer } from './commands.ts';
import type { Input } from './fields.ts';

/**
 * Runs a command by the deployed Lambda of session-admin, as whoever the AWS credentials say.
 * @throws Error where the Lambda failed, or AWS would not call it
 */
export async function remotely(lambda: string, command: string, input: Input): Promise<Answer> {
  // Once: an open whose answer was lost would be refused, or done, a second time.
  const client = new LambdaClient({ maxAttempts: 1 });
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName: lambda, Payload: JSON.stringify({ ...input, command }) }),
  );
  const text = new TextDecoder().decode(Payload);
  if (!FunctionError) return JSON.parse(text);
  throw new Error(`${lambda} failed: ${JSON.parse(text).errorType}; its log says more`);
}
