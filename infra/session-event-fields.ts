/** The changes of a row that are events: the pipe's filter for each, and the name of the event. */
export const changes = {
  // Claims that lie apart are items without `openedAt`.
  INSERT: {
    type: 'session.opened',
    filter: {
      eventName: ['INSERT'],
      dynamodb: { NewImage: { openedAt: { N: [{ exists: true }] } } },
    },
  },
  MODIFY: {
    type: 'session.revoked',
    filter: {
      eventName: ['MODIFY'],
      dynamodb: {
        OldImage: { revokedAt: { N: [{ exists: false }] } },
        NewImage: { revokedAt: { N: [{ exists: true }] } },
      },
    },
  },
  // Deleted by its TTL, and not revoked before.
  REMOVE: {
    type: 'session.ended',
    filter: {
      eventName: ['REMOVE'],
      userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
      dynamodb: {
        OldImage: { openedAt: { N: [{ exists: true }] }, revokedAt: { N: [{ exists: false }] } },
      },
    },
  },
} as const;

/** All that leaves the table. A row's secret, claims and rotation are not in it. */
export const pickedFields = {
  change: '<$.eventName>',
  rowKey: '<$.dynamodb.Keys.rowKey.S>',
  new: picked('NewImage'),
  old: picked('OldImage'),
};

function picked(image: 'NewImage' | 'OldImage') {
  const text = (name: string) => `<$.dynamodb.${image}.${name}.S>`;
  const number = (name: string) => `<$.dynamodb.${image}.${name}.N>`;
  return {
    subject: text('subject'),
    openedAt: number('openedAt'),
    idleUntil: number('idleUntil'),
    endsAt: number('endsAt'),
    revokedAt: number('revokedAt'),
    revokedBy: text('revokedBy'),
  };
}

/**
 * The events of a batch, in JSONata. Whatever the pipe's template writes for an attribute that a row
 * lacks (an empty text, null or "null"), the event does not have it.
 */
export const naming = `[$states.input.(
  $row := change = 'REMOVE' ? old : new;
  $given := function($text) { $text and $text != 'null' ? $text };
  $time := function($text) { $number($given($text)) };
  $end := $min([$time($row.idleUntil), $time($row.endsAt)]);
  {
    'type': $lookup(${JSON.stringify(names())}, change),
    'contract': $substringBefore(rowKey, '#'),
    'sessionId': $substringAfter(rowKey, '#'),
    'subject': $substringAfter($given($row.subject), '#'),
    'openedAt': $time($row.openedAt),
    'endsAt': $time($row.endsAt),
    'endedAt': change = 'MODIFY' ? $time($row.revokedAt) : change = 'REMOVE' ? $end,
    'endedBy': change = 'MODIFY' ? $given($row.revokedBy) : change = 'REMOVE' ? 'expiry'
  }
)]`;

function names() {
  return Object.fromEntries(Object.entries(changes).map(([change, { type }]) => [change, type]));
}
