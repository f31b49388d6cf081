import { createRequire } from 'node:module';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item } from '../../functions/core/session/row.ts';
import type { Table, Write, Written } from '../../functions/core/session/table.ts';

const require = createRequire(import.meta.url);
const validate = require('dynalite/validations/updateItem').custom;
const updateItem = require('dynalite/actions/updateItem');

/**
 * A table in memory whose updates are evaluated by the embedded database's own interpreter of
 * expressions. So the expressions themselves are tested, not a copy of their meaning.
 * test/store/memory.test.ts compares it with DynamoDB Local. It has no index and counts no capacity.
 */
export function memoryTable(): Table & { readonly items: Map<string, Item> } {
  const items = new Map<string, Item>();
  return {
    items,
    async update(write, { watch } = {}) {
      const written = evaluate(items.get(write.rowKey), write);
      if (written.outcome === 'written') items.set(write.rowKey, written.item);
      await watch?.(Promise.resolve({}));
      return written;
    },
    async put(item, replace) {
      const there = items.get(item.rowKey);
      if (there && !replace) return { outcome: 'refused', item: there, retried: false };
      items.set(item.rowKey, { ...item });
      return { outcome: 'written', item: { ...item } };
    },
    async get(rowKey, { watch } = {}) {
      const item = items.get(rowKey);
      await watch?.(Promise.resolve({}));
      return item;
    },
    async bySubject(subject) {
      const found = [...items.values()].filter((item) => item.subject === subject);
      return { rowKeys: found.map(({ rowKey }) => rowKey as never) };
    },
  };
}

/** The result of a write to a row. */
export function evaluate(item: Item | undefined, write: Write): Written {
  const request = parsed(write);
  const old = item && marshall(item);
  let answer: Written | undefined;
  updateItem(storeOf(old), request, (error: Refusal | null, result: { Attributes: never }) => {
    if (!error) answer = { outcome: 'written', item: unmarshall(result.Attributes) };
    else if (error.body?.__type?.endsWith('ConditionalCheckFailedException'))
      answer = { outcome: 'refused', item, retried: false };
    else throw error;
  });
  if (!answer) throw new Error('the interpreter did not answer at once');
  return answer;
}

type Refusal = Error & { readonly body?: { readonly __type?: string } };

/** The interpreter's request for a write. Each text is parsed once, and its values are replaced after that. */
function parsed({ rowKey, set, conditions, values }: Write): object {
  const UpdateExpression = `SET ${set.join(', ')}`;
  const ConditionExpression = conditions.join(' AND ');
  const text = [UpdateExpression, ConditionExpression, ...Object.keys(values)].join('\n');
  const given = marshall(values);
  let request = requests.get(text);
  if (!request) {
    const fresh = {
      TableName: 'sessions',
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues: given,
      ReturnValues: 'ALL_NEW',
    };
    const invalid = validate(fresh);
    if (invalid) throw new Error(invalid);
    request = fresh as unknown as Parsed;
    requests.set(text, request);
  }
  for (const [name, value] of Object.entries(given))
    Object.assign(request.ExpressionAttributeValues[name] ?? {}, value);
  const { sections } = request._updates;
  return {
    ...request,
    Key: marshall({ rowKey }),
    // The interpreter writes its results into the sections.
    _updates: { ...request._updates, sections: sections.map((section) => ({ ...section })) },
  };
}

interface Parsed {
  readonly ExpressionAttributeValues: Record<string, object>;
  readonly _updates: { readonly sections: readonly object[] };
}

const requests = new Map<string, Parsed>();

const table = {
  AttributeDefinitions: [{ AttributeName: 'rowKey', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'rowKey', KeyType: 'HASH' }],
};
const missing = Object.assign(new Error('not found'), { name: 'NotFoundError' });

/** The part of dynalite's store that its update uses, with one item. */
function storeOf(old: object | undefined) {
  return {
    options: { maxItemSize: 409_600 },
    getTable: (_: string, next: (error: null, found: object) => void) => next(null, table),
    getItemDb: () => ({
      lock: (_: string, run: (release: (next: unknown) => unknown) => void) => run((next) => next),
      get: (_: string, next: (error: Error | null, found?: object) => void) =>
        old ? next(null, old) : next(missing),
      put: (_key: string, _item: object, next: (error: null) => void) => next(null),
    }),
  };
}
