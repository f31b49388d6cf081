import { describe, expect, test } from 'vitest';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { Fault } from '../../functions/core/contract/fault.ts';
import type { Refusal } from '../../functions/core/session/session.ts';
import { gatewayFaults } from '../../infra/gateway-faults.ts';
import {
  answersOf,
  answerTo,
  documentOf,
  type Header,
  operationOf,
  resolved,
  type Schema,
  textOf,
} from '../support/openapi.ts';
import { isFault, reasons } from '../support/reasons.ts';

const each = contracts.map((contract) => ({ name: contract.name, contract }));

const every = each.flatMap((one) => reasons.map((reason) => ({ ...one, reason })));

/** A status, and what tells its answers apart; an answer of `eos` to a refresh has no such code. */
function told(status: number, body: unknown): string {
  const { code, errorCode, desc } = (body ?? {}) as Record<string, string & { code: string }>;
  return `${status} ${code ?? errorCode ?? desc?.code ?? ''}`.trim();
}

/** What the refuse table says, and the answer to a refresh. */
function inTable(contract: Contract): Set<string> {
  const { value } = answerTo(contract, 'refreshed');
  const refused = reasons.map((reason) => {
    const { status, body } = contract.refuse(reason, '');
    return told(status, body && JSON.parse(body));
  });
  return new Set([told(200, value), ...refused]);
}

/** The one value that a schema allows, member by member. */
function constant(contract: Contract, schema: Schema): unknown {
  const { const: value, properties } = resolved<Schema>(documentOf(contract), schema);
  if (!properties) return value;
  const members = Object.entries(properties);
  return Object.fromEntries(members.map(([name, member]) => [name, constant(contract, member)]));
}

describe.for(each)('the OpenAPI document of $name', ({ contract }) => {
  const { responses, description } = operationOf(contract);

  test('has the statuses and codes of the refuse table, and no other, in its examples', () => {
    const found = answersOf(contract).map(({ status, value }) => told(status, value));
    expect(found.toSorted()).toEqual([...inTable(contract)].sort());
  });

  test('has them, and no other, in its schemas', () => {
    const found = Object.entries(responses).flatMap(([status, { content }]) =>
      Object.values(content ?? { none: { schema: {} } }).flatMap(({ schema }) => {
        const { oneOf, anyOf } = schema as Schema;
        const alternatives = oneOf ?? anyOf ?? [schema];
        return alternatives.map((one) => told(Number(status), constant(contract, one)));
      }),
    );
    expect(found.toSorted()).toEqual([...inTable(contract)].sort());
  });

  test('has them, and no other, in the table for people', () => {
    expect(rows(description).map(({ answer }) => answer)).toEqual(
      answersOf(contract).map(({ status, value }) => told(status, value)),
    );
  });

  test('tells people to retry what says when, and that a session is over where it is', () => {
    for (const { answer, advice } of rows(description)) {
      const outcomes = reasons.filter((reason) => {
        const { status, body } = contract.refuse(reason, '');
        return told(status, body && JSON.parse(body)) === answer;
      });
      if (outcomes.length === 0)
        expect(answer).toBe(told(200, answerTo(contract, 'refreshed').value));
      else expect(advice).toMatch(new RegExp(`^\\*\\*${adviceOn(contract, outcomes)}\\*\\*`));
    }
  });

  test('has the headers that the answers of a status have, and no other', () => {
    for (const [status, { headers }] of Object.entries(responses)) {
      const sent = reasons
        .map((reason) => contract.refuse(reason, ''))
        .filter((refused) => refused.status === Number(status))
        .map((refused) => new Map(Object.entries(refused.headers ?? {})));
      const own = new Set(sent.flatMap((one) => [...one.keys()]));
      const names = ['Cache-Control', 'X-Request-Id', ...own];
      expect(Object.keys(headers).sort()).toEqual(names.sort());
      for (const name of own) {
        const { required, schema } = headerOf(contract, status, name);
        const values = new Set(sent.map((one) => one.get(name)));
        expect([name, required]).toEqual([name, !values.has(undefined)]);
        values.delete(undefined);
        const allowed = schema.enum ?? [schema.const];
        expect(allowed.map(String).sort()).toEqual([...values].sort());
      }
    }
  });

  test('promises X-Request-Id where API Gateway itself never answers', () => {
    const byGateway = new Set(gatewayFaults.map(([, fault]) => contract.refuse(fault, '').status));
    for (const status of Object.keys(responses)) {
      const { required } = headerOf(contract, status, 'X-Request-Id');
      expect([status, required]).toEqual([status, !byGateway.has(Number(status))]);
    }
  });
});

describe.for(every)('the OpenAPI document of $name, where $reason', ({ contract, reason }) => {
  test('has one example, which is what the refuse table says', () => {
    const found = answersOf(contract).filter((one) => one['x-outcomes'].includes(reason));
    expect(found).toHaveLength(1);
    const [{ status, value } = answerTo(contract, reason)] = found;
    const { esbUUID = '' } = (value ?? {}) as { esbUUID?: string };
    const refused = contract.refuse(reason, esbUUID);
    expect([status, textOf({ value })]).toEqual([refused.status, refused.body]);
  });
});

/** What a client is to do about the answer that these outcomes share. */
function adviceOn(contract: Contract, outcomes: readonly (Refusal | Fault)[]): string {
  const over = outcomes.some((one) => !isFault(one) || one === 'malformed-request');
  if (over) return 'Session over';
  const again = outcomes.every((one) => contract.refuse(one, '').headers?.['Retry-After']);
  return again ? 'Retry' : 'Do not retry';
}

interface Row {
  readonly answer: string;
  readonly advice: string;
}

/** The rows of the Markdown table in a description, its two lines of heading left out. */
function rows(description: string): readonly Row[] {
  const lines = description.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [, status = '', code = '', , advice = ''] = line.split('|').map((cell) => cell.trim());
    return { answer: `${status} ${code.replaceAll('`', '')}`.trim(), advice };
  });
}

function headerOf(contract: Contract, status: string, name: string): Header {
  const header = operationOf(contract).responses[status]?.headers[name];
  if (!header) throw new Error(`no ${name} at ${status}`);
  return resolved<Header>(documentOf(contract), header);
}
