import { describe, expect, test } from 'vitest';
import { digest, type Secret } from '../../functions/core/session/secret.ts';
import { rowKey, type SessionId } from '../../functions/core/session/session.ts';
import { successor } from '../../functions/core/session/successor.ts';
import { deriveKeys } from '../../functions/core/token/keys.ts';
import { eos } from '../../functions/eos/contract.ts';
import { material, noon } from '../support/world.ts';
import type { Done } from './done.ts';
import { done, type Event, linearizable } from './linearizable.ts';
import { type Between, sequential } from './sequential.ts';
import { refusalOf } from './wire.ts';

const keys = deriveKeys('eos', material);
const key = rowKey('eos', 'a' as SessionId);
const family = 'f'.repeat(22);
const secret = (generation: number) => successor(keys.successor, key, { generation, family });
const policy = { ...eos.policy, rotation: { grace: 60 } };

/** A session whose second secret is current, and whose grace is over. */
const initial: Between = {
  row: {
    subject: 'p',
    secret: 'x',
    generation: 2,
    secretFamily: family,
    graceUntil: noon,
    openedAt: noon - 200,
    refreshedAt: noon - 60,
    idleUntil: noon + 1740,
    endsAt: noon + 43_000,
    purgeAt: noon + 129_400,
  },
  thefts: [],
};

const event = (operation: Done, told: string, began: number, ended: number): Event<Done> => ({
  operation,
  told,
  began,
  ended,
});
const presenting = (presents: string): Done => ({ do: 'refresh', now: noon, policy, presents });
const given = (nth: number, began: number, ended: number, presents: string = secret(2)) =>
  event(presenting(presents), `until ${noon + 1800} by ${secret(nth)}`, began, ended);
const refused = (reason: 'reused-secret' | 'revoked', presents: string) => ({
  operation: presenting(presents),
  told: `${reason}: ${refusalOf(eos, reason)}`,
});
const theft = (began: number, ended: number): Event<Done>[] => [
  { ...refused('reused-secret', 'x'), began, ended },
  event({ do: 'end', now: noon }, done, began + 0.5, ended),
];

describe('the model of rotation, as a history tells it', () => {
  test.for([
    { what: 'two who get the same secret', history: [given(3, 0, 3), given(3, 1, 2)] },
    {
      what: 'one who repeats the new secret',
      history: [given(3, 0, 1), given(3, 2, 3, secret(3))],
    },
    { what: 'two thieves at once', history: [...theft(0, 4), ...theft(1, 3)] },
    { what: 'a refresh between the halves of a theft', history: [...theft(0, 5), given(3, 1, 2)] },
    {
      what: 'a dead session after a theft',
      history: [...theft(0, 1), { ...refused('revoked', secret(2)), began: 2, ended: 3 }],
    },
  ])('accepts $what', ({ history }) => {
    expect(linearizable(initial, history, sequential(eos, 'a', keys, family))).toBe(true);
  });

  test.for([
    { what: 'two advances at once', history: [given(3, 0, 3), given(4, 1, 2)] },
    { what: 'no advance', history: [given(2, 0, 1)] },
    { what: 'an advance in the grace', history: [given(3, 0, 1), given(4, 2, 3, secret(3))] },
    { what: 'a yes after a theft was answered', history: [...theft(0, 1), given(3, 2, 3)] },
    { what: 'a second theft of a dead session', history: [...theft(0, 1), ...theft(2, 3)] },
    { what: 'a theft that is none', history: [event({ do: 'end', now: noon }, done, 0, 1)] },
    {
      what: 'a theft by the secret just replaced',
      history: [given(3, 0, 1), { ...refused('reused-secret', secret(2)), began: 2, ended: 3 }],
    },
  ])('rejects $what', ({ history }) => {
    expect(linearizable(initial, history, sequential(eos, 'a', keys, family))).toBe(false);
  });

  test('sees the row as the table keeps it', () => {
    const { row } = initial;
    const { told } = sequential(eos, 'a', keys, family)(initial, { do: 'look' });
    const kept = { rowKey: key, ...row, subject: 'eos#p' };
    const entries = Object.entries({ ...kept, secret: digest(keys.digest, key, 'x' as Secret) });
    expect(new Map(JSON.parse(told))).toEqual(new Map(entries));
  });
});
