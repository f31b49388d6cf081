import { expect } from 'vitest';
import { sampleUuid } from './s360-document.ts';

/** A refusal with the sample's id. Its Arabic is left to whoever translates it, but is Arabic. */
export function refusal(status: number, code: string, en: string | RegExp = /^[\w -]+$/) {
  const ar = expect.stringMatching(/^[\p{Script=Arabic}\p{M}/ ]+$/u);
  const text = typeof en === 'string' ? en : expect.stringMatching(en);
  return { status, esbUUID: sampleUuid, desc: { en: text, ar, code } };
}

/** The two refusals that the document has. */
export const documented = {
  invalid: refusal(401, 'ESB-IDP-E0003', 'Session ID and/or sessionToken is invalid'),
  loggedOut: refusal(401, 'ESB-IDP-E0004', 'User logged out'),
} as const;
