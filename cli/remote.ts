import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Answer } from '../functions/session-admin/command.ts';
import type { Input } from '../functions/session-admin/fields.ts';

/**
 * Runs a command by the deployed Lambda of session-admin, as whoever the AWS credentials say.
 * @throws Error where the Lambda failed, or AWS would not call it
 */
export async function remotely(lambda: string, command: string, input: Input): Promise<Answer> {
  // Once: an open whose answer was lost would be refused, or done, a second time.
  const client = new LambdaClient({ maxAttempts: 1 });
  const invoke = new InvokeCommand({
    FunctionName: lambda,
    Payload: JSON.stringify({ ...input, command }),
  });
  const { FunctionError, Payload } = await client.send(invoke).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${message}; it takes credentials of AWS that may call ${lambda}, a stack's output SessionAdminFunction`,
      { cause: error },
    );
  });
  const text = new TextDecoder().decode(Payload);
  if (!FunctionError) return JSON.parse(text);
  throw new Error(`${lambda} failed: ${JSON.parse(text).errorType}; its log says more`);
}
