import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Env } from '../functions/core/env.ts';
import type { Answer } from '../functions/session-admin/command.ts';
import type { commands } from '../functions/session-admin/commands.ts';
import type { Input } from '../functions/session-admin/fields.ts';

/** Calls a command of session-admin, here or in AWS. */
export type Call = (name: keyof typeof commands, input: Input) => Promise<Answer>;

/**
 * Returns a function that runs commands in the deployed Lambda of session-admin, with the AWS
 * credentials of this shell. It throws an Error if the Lambda fails or cannot be invoked.
 * @throws Error if no Region is set
 */
export async function remotely(lambda: string, env: Env): Promise<Call> {
  const client = (maxAttempts: number) =>
    new LambdaClient({
      maxAttempts,
      ...(env.AWS_REGION && { region: env.AWS_REGION }),
      ...(env.AWS_ENDPOINT_URL_LAMBDA && { endpoint: env.AWS_ENDPOINT_URL_LAMBDA }),
    });
  // No retry: if the answer of an `open` is lost, a retry would be refused or open a second
  // session.
  const once = client(1);
  // An import never overwrites a session, so a retry is safe.
  const again = client(5);
  await once.config.region().catch(() => {
    throw new Error(`no AWS Region: set AWS_REGION to the Region of ${lambda}, such as eu-west-1`);
  });
  return async (command, input) => {
    const Payload = JSON.stringify({ ...input, command });
    const invoke = new InvokeCommand({ FunctionName: lambda, Payload });
    const sent = (command === 'import' ? again : once).send(invoke);
    const { FunctionError, Payload: answer } = await sent.catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(
        `${message}; check that the AWS credentials of this shell may call ${lambda} (stack output SessionAdminFunction)`,
        { cause: error },
      );
    });
    const text = new TextDecoder().decode(answer);
    if (!FunctionError) return JSON.parse(text);
    throw new Error(`${lambda} failed: ${JSON.parse(text).errorType}; its log says more`);
  };
}
