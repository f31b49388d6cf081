import { isObject, type Members } from '../core/contract/json-text.ts';
import type { Claims } from '../core/session/session.ts';

/** The member `sso` of the claims of an `s360` session. */
export interface Sso {
  readonly externalSystemId: string;
  readonly authorityType: string;
}

/**
 * Returns the claims of an `s360` session in the order of the document's sample token; `undefined`
 * if they do not have its form. `authorityType` is "SELF" unless it is given.
 */
export function s360Claims({ texts, values }: Members): Claims | undefined {
  const { user, app } = values;
  const sso = ssoOf(values);
  if (texts.size !== 3 || !isObject(user) || !isObject(app) || !sso) return undefined;
  return `{"user":${texts.get('user')},"app":${texts.get('app')},"sso":${JSON.stringify(sso)}}` as Claims;
}

/**
 * Returns the `sso` of the claims, with its two members in the order of the sample; `undefined` if
 * it has another form.
 */
export function ssoOf({ sso }: Members['values']): Sso | undefined {
  if (!isObject(sso)) return undefined;
  const { externalSystemId, authorityType = 'SELF', ...more } = sso;
  if (!isName(externalSystemId) || !isName(authorityType)) return undefined;
  return Object.keys(more).length > 0 ? undefined : { externalSystemId, authorityType };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
