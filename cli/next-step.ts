import type { AdminRefusal } from '../functions/session-admin/command.ts';

/** Says what to do about a refusal, without quoting the input. */
export function nextStep(reason: AdminRefusal): string {
  return steps[reason];
}

const steps = {
  'unknown-session': 'no session has this id; `list` shows those of a subject',
  'logged-in':
    'a person is logged in to it; `revoke` ends it, and `open --anonymous` opens another',
  revoked: 'it was ended for good; `open` opens another',
  'idle-too-long': 'it was not refreshed in time; `open` opens another',
  'lifetime-over': 'its lifetime is over; `open` opens another',
  'id-taken': 'the id was used before; leave out `--id` for a new one, or `show` the session',
} as const satisfies Record<AdminRefusal, string>;
