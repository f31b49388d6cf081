import { isObject, type Members } from '../core/contract/json-text.ts';
import type { Claims } from '../core/session/session.ts';

/**
 * Returns the claims of an `eos` session in the order of the document's answer; `undefined` if they
 * do not have the document's form.
 */
export function eosClaims({ texts, values }: Members): Claims | undefined {
  const { mobilityApps, profile } = values;
  const documented =
    texts.size === 2 &&
    isObject(profile) &&
    isObject(mobilityApps) &&
    Array.isArray(mobilityApps.system) &&
    Array.isArray(mobilityApps.user);
  if (!documented) return undefined;
  return `{"mobilityApps":${texts.get('mobilityApps')},"profile":${texts.get('profile')}}` as Claims;
}
