import type { Members } from '../core/contract/json-text.ts';
import type { Claims } from '../core/session/session.ts';

/** The claims of `acme`; nothing where they have another shape. */
export function acmeClaims({ texts, values }: Members): Claims | undefined {
  if (texts.size !== 1 || !Array.isArray(values.tools)) return undefined;
  return `{"tools":${texts.get('tools')}}` as Claims;
}
