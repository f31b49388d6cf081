import { describe, expect } from 'vitest';
import { refreshHandler } from '../../functions/core/lambda/refresh-handler.ts';
import { services } from '../../functions/core/lambda/services.ts';
import { systemTimer } from '../../functions/core/time.ts';
import { eos } from '../../functions/eos/contract.ts';
import { context } from '../../local/proxy-event.ts';
import { apiGatewayEvent, material, test, type World } from '../support/world.ts';

const origins = ['https://shop.example', 'https://www.shop.example'];

/** The handler of eos whose answers pages of these origins may read. */
function handlerOf({ rows, keys, now }: World, broken = false) {
  return refreshHandler(eos, {
    table: broken ? { ...rows, update: () => Promise.reject(new Error('broken')) } : rows,
    keys: async () => keys(eos),
    clock: () => now,
    timer: systemTimer,
    policy: eos.policy,
    origins,
    write: () => undefined,
  });
}

function asked(origin: string | undefined, query?: Record<string, string[]>) {
  return apiGatewayEvent(eos, {
    ...(origin !== undefined && { headers: { oRiGiN: origin } }),
    ...(query && { query }),
  });
}

describe('a contract with allowed origins', () => {
  test('lets their pages read a grant, a refusal and a fault', async ({ world }) => {
    const { sessionId, secureCode } = await world.open(eos);
    const query = { sessionId: [sessionId], secureCode: [secureCode] };
    for (const origin of origins) {
      const answers = [
        await handlerOf(world)(asked(origin, query), context('a')),
        await handlerOf(world)(asked(origin), context('a')),
        await handlerOf(world, true)(asked(origin, query), context('a')),
      ];
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 403, 500]);
      for (const { headers } of answers)
        expect(headers).toMatchObject({
          'Access-Control-Allow-Origin': origin,
          'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, Date',
          Vary: 'Origin',
          'Cache-Control': 'no-store',
        });
    }
  });

  test.for([undefined, '', 'null', 'https://evil.example', 'https://shop.example.evil.example'])(
    'lets no page of %s read anything',
    async (origin, { world }) => {
      const { headers } = await handlerOf(world)(asked(origin), context('a'));
      expect(JSON.stringify(headers)).not.toContain('Access-Control');
    },
  );

  test('has them from ALLOWED_ORIGINS, and none without', () => {
    const env = { SESSION_TABLE: 'sessions', SESSION_KEYS: JSON.stringify({ eos: material }) };
    const allowed = { ...env, ALLOWED_ORIGINS: origins.join(' ') };
    expect(services(eos, allowed).origins).toEqual(origins);
    expect(services(eos, env).origins).toEqual([]);
  });
});
