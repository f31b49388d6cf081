import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../core/env.ts';

/** Where `npm start` keeps its keys: made once, readable by its owner alone, ignored by git. */
export const keyFile = join(import.meta.dirname, '../../.local/keys.json');

/**
 * The environment of a handler or command on this machine: what `env` says, and for the rest the
 * table that `npm start` serves. Credentials of an AWS account are not shown to that one.
 */
export function localEnv(env: Env): Record<string, string | undefined> {
  const local = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const embedded = `http://127.0.0.1:${env.DYNAMODB_PORT || 8000}`;
  const table = { ...env, SESSION_TABLE: env.SESSION_TABLE || 'sessions' };
  return env.AWS_ENDPOINT_URL_DYNAMODB
    ? { ...local, ...table }
    : { ...table, ...local, AWS_SESSION_TOKEN: undefined, AWS_ENDPOINT_URL_DYNAMODB: embedded };
}

/** The local keys as `SESSION_KEYS` wants them; nothing where `npm start` has made none yet. */
export function localKeys(): string | undefined {
  try {
    return readFileSync(keyFile, 'utf8');
  } catch {
    return undefined;
  }
}

/** Makes this process's environment that one. */
export function enter(env: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
