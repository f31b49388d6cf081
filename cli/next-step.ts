import type { AdminRefusal } from '../functions/session-admin/command.ts';

/** What to do about a refusal, in words that quote nothing of what was given. */
export function nextStep(reason: AdminRefusal): string {
  return steps[reason];
}

const another = '`open` opens another';

const steps = {
  'unknown-session': 'there is no session of that id; `list` tells those of a subject',
  'logged-in': "it is somebody's already; `revoke` ends it, and `open --anonymous` opens another",
  revoked: `it was ended, for good; ${another}`,
  'idle-too-long': `nobody refreshed it in time; ${another}`,
  'lifetime-over': `its lifetime is over; ${another}`,
  'id-taken': 'that id was given before; leave `--id` out for a new one, or `show` whose it is',
} as const satisfies Record<AdminRefusal, string>;
