/** A rule of the product, and how to break it. */
export interface Mutant {
  /** What the product does then. */
  readonly name: string;
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** The test file that must go red. */
  readonly suite: string;
}

type Break = readonly [name: string, from: string, to: string];

function of(file: string, suite: string, breaks: readonly Break[]): readonly Mutant[] {
  return breaks.map(([name, from, to]) => ({ name, file, from, to, suite }));
}

/** Rules of the session core, each broken once. */
const core = [
  ...of('functions/core/session/condition.ts', 'test/session/law.test.ts', [
    ['takes any secret', "'secret = :secret'", "'(secret = :secret OR attribute_exists(rowKey))'"],
    [
      'refreshes a revoked session',
      "...clauses,\n      'attribute_not_exists(revokedAt)',",
      '...clauses,',
    ],
    ['forgets the lifetime', "'endsAt > :now',", ''],
    ['lives at its last moment', "'endsAt > :now'", "'endsAt >= :now'"],
    ['forgets the idle limit', "'idleUntil > :now',", ''],
    ['is awake at its idle limit', "'idleUntil > :now'", "'idleUntil >= :now'"],
    ['lets a late clock move the row back', "'refreshedAt <= :now',", ''],
    ['takes the same second for a replay', "'refreshedAt <= :now'", "'refreshedAt < :now'"],
  ]),
  ...of('functions/core/session/store.ts', 'test/session/law.test.ts', [
    [
      'moves the end at a refresh',
      '{ refreshedAt: now, ...slid }',
      '{ refreshedAt: now, endsAt: now, ...slid }',
    ],
    ['forgets the row that refused', "ReturnValuesOnConditionCheckFailure: 'ALL_OLD',", ''],
  ]),
  ...of('functions/core/session/condition.ts', 'test/session/rotation-law.test.ts', [
    ['takes secret 0 for good', "'attribute_not_exists(generation)'", "'attribute_exists(rowKey)'"],
    [
      'takes a secret of any family',
      "'secretFamily = :family',\n      '(",
      "'attribute_exists(secretFamily)',\n      '(",
    ],
    ['replaces a secret in its grace', ' AND graceUntil <= :now', ''],
    ['replaces an older secret', 'generation < :generation OR', 'generation <> :generation OR'],
    ['refuses a client that is ahead of a restored row', 'generation < :generation OR ', ''],
  ]),
  ...of('functions/core/session/store.ts', 'test/session/rotation-law.test.ts', [
    [
      'lets a thief go on',
      "verdict === 'reused-secret' && policy.rotation",
      '!verdict && policy.rotation',
    ],
    ['ends a session where nothing rotates', " && policy.rotation !== 'fixed'", ''],
    ['replaces a secret by itself', 'secret.generation + 1', 'secret.generation'],
  ]),
  ...of('functions/core/session/policy.ts', 'test/session/rotation-judge.test.ts', [
    [
      'takes the secret before the last for a retry',
      'presented === generation - 1',
      'presented <= generation - 1',
    ],
    ['takes a theft for a retry', ' && graceUntil > now ?', ' ?'],
    [
      'takes a retry for a theft',
      '=== generation - 1 && graceUntil > now',
      '=== generation - 1 && graceUntil < now',
    ],
  ]),
  ...of('functions/core/session/claims.ts', 'test/contracts/capacity.test.ts', [
    ['writes large claims at every refresh', 'bytesAtMost(key, row) <= writeUnit', 'row'],
    ['keeps a row in two where one would do', 'bytesAtMost(key, row) <= writeUnit', '!row'],
  ]),
  ...of('functions/core/session/claims.ts', 'test/session/claims.test.ts', [
    ['keeps claims for good', 'toItem({ claims, purgeAt })', 'toItem({ claims })'],
    [
      'changes claims that are there',
      'const claimsVersion = randomUUID();',
      'const claimsVersion = randomUUID().slice(0, 0);',
    ],
  ]),
  ...of('functions/session-admin/kept.ts', 'test/session-admin/computed-secret.test.ts', [
    ['begins a session with a secret of a former one', '!== undefined;', '=== null;'],
  ]),
  ...of('functions/core/session/successor.ts', 'test/session/successor.test.ts', [
    ['computes secrets without the key', "createHmac('sha256', key)", "createHmac('sha256', '')"],
    [
      'computes the same secret for every session',
      '[row, generation, family]',
      '[generation, family]',
    ],
    ['computes the same secret in every generation', '[row, generation, family]', '[row, family]'],
    ['computes the same secret in every family', '[row, generation, family]', '[row, generation]'],
    ['believes a secret of the right form', ' && timingSafeEqual(genuine, given)', ''],
    ['answers the secret that was replaced', ' || generation <= held', ' || held >= 0'],
    ['believes any family', 'proof.family === secretFamily ?', 'proof ?'],
  ]),
  ...of('functions/core/session/store.ts', 'test/contracts/timing-path.test.ts', [
    ['reads eventually', 'ConsistentRead: true', 'ConsistentRead: false'],
  ]),
  ...of('functions/core/session/policy.ts', 'test/session/judge.test.ts', [
    [
      'judges the revocation before the secret',
      'const presented = generationOf(',
      "if (session.revokedAt) return 'revoked';\n  const presented = generationOf(",
    ],
    [
      'grants at the end',
      "endsAt <= now) return 'lifetime-over';\n  if (earlier",
      "endsAt < now) return 'lifetime-over';\n  if (earlier",
    ],
    ['grants at the idle limit', 'session.idleUntil) <= now', 'session.idleUntil) < now'],
    ["forgets the token's own end", 'claim.expiresAt ?? session.idleUntil', 'session.idleUntil'],
    ['lets anyone log in again', "session.secret === undefined ? 'login'", "now ? 'login'"],
  ]),
  ...of('functions/core/session/policy.ts', 'test/session-admin/open.test.ts', [
    ['leaves no tombstone', 'purgeAt: later(endsAt, day)', 'purgeAt: endsAt'],
  ]),
  ...of('functions/core/session/secret.ts', 'test/session/secret.test.ts', [
    ['digests without the key', "createHmac('sha256', key)", "createHmac('sha256', '')"],
    ['does not bind a digest to its row', '.update(row)\n', '\n'],
    ['does not part the row from the secret', ".update('\\0')\n", '\n'],
    ['takes a lone surrogate', ' && text.isWellFormed()', ''],
  ]),
  ...of('functions/core/session/session.ts', 'test/session/session.test.ts', [
    ['takes any character in an id', '/^[A-Za-z0-9._-]{1,128}$/', '/^[^]{1,128}$/'],
    ['tells the idle limit past the end', 'return earlier(idleUntil, endsAt)', 'return idleUntil'],
  ]),
  ...of('functions/core/session/session.ts', 'test/contracts/isolation.test.ts', [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source's own text
    ['shares rows between contracts', 'return `${contract}#${id}` as RowKey', 'return `#${id}`'],
  ]),
  ...of('functions/core/session/registry.ts', 'test/session/registry.test.ts', [
    ['makes a row by revoking', "ConditionExpression: 'attribute_exists(rowKey)',", ''],
    ['opens over a session', "ConditionExpression: 'attribute_not_exists(rowKey)',", ''],
    ['moves the moment of a revocation', 'if_not_exists(revokedAt, :now)', ':now'],
    ['gives a session to two logins', "'attribute_not_exists(secret)',", ''],
  ]),
  ...of('functions/core/session/registry.ts', 'test/session/shared-id.test.ts', [
    ['finds eventually', 'ConsistentRead: true', 'ConsistentRead: false'],
  ]),
  ...of('functions/core/session/registry.ts', 'test/session/law.test.ts', [
    ['logs in to a revoked session', "'attribute_not_exists(revokedAt)',", ''],
    ['logs in after the end', "'endsAt > :refreshedAt',", ''],
  ]),
];

/** Rules of tokens and keys. */
const tokens = [
  ...of('functions/core/token/legacy-jwt.ts', 'test/token/legacy-jwt-refusals.test.ts', [
    ['takes alg none, and any other', "alg === 'HS256' && ", ''],
    ['passes over crit', ' && crit === undefined', ''],
    ['takes non-canonical base64', "digits !== '' && same && padded", "digits !== '' && padded"],
    ['takes any padding', ' && same && padded', ' && same'],
    ['takes a fourth segment', ' || more.length > 0', ''],
  ]),
  ...of('functions/core/token/legacy-jwt.ts', 'test/token/legacy-jwt.test.ts', [
    ['verifies by the current key alone', 'keys.some(', 'keys.slice(0, 1).some('],
  ]),
  ...of('functions/core/token/legacy-jwt.ts', 'test/contracts/timing-path.test.ts', [
    [
      'takes the beginning of a signature',
      'signature.length === right.length && timingSafeEqual(signature, right)',
      'right.subarray(0, signature.length).equals(signature)',
    ],
  ]),
  ...of('functions/core/token/keys.ts', 'test/token/keys.test.ts', [
    [
      'loses the previous key',
      '[material.signing, material.previousSigning]',
      '[material.signing]',
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source's own text
    ['gives all contracts one key', 'session-refresh/${contract}/', 'session-refresh/'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source's own text
    ['gives all purposes one key', '/${purpose}/v1', '/v1'],
    ['takes a short key', 'value.length >= shortestKey', 'value.length > 0'],
  ]),
  ...of('functions/core/token/stored-keys.ts', 'test/token/stored-keys.test.ts', [
    ['signs with an unpublished key', 'if (now < inUseFrom)', 'if (false)'],
    [
      'keeps a failed reading',
      '.finally(() => {\n        reading = undefined;\n      })',
      '.then((fresh) => {\n        reading = undefined;\n        return fresh;\n      })',
    ],
    ['keeps an old key for ever', 'now < overBy ? both : [current.key]', 'both'],
    ['drops the key before too soon', 'now < overBy ? both : [current.key]', '[current.key]'],
    ['serves keys of any age', 'now - stored.readAt < tooOld', 'true'],
  ]),
];

/** Rules of the contracts. */
const wires = [
  ...of('functions/ccstore/contract.ts', 'test/contracts/ccstore-forgery.test.ts', [
    ['takes a token without an end', '!presented || !Number.isInteger(exp)', '!presented'],
  ]),
  ...of('functions/ccstore/access-token.ts', 'test/contracts/ccstore-lifetime.test.ts', [
    [
      'signs a token past the session',
      'earlier(later(issuedAt, lives), session.endsAt)',
      'later(issuedAt, lives)',
    ],
  ]),
  ...of('functions/ccstore/errors.ts', 'test/contracts/faults.test.ts', [
    ['answers 401 where storage is down', "503,\n    '90503'", "401,\n    '90503'"],
  ]),
  ...of('functions/eos/contract.ts', 'test/edge/refusals.test.ts', [
    ['answers 403 where storage is down', 'unavailable: reply(503,', 'unavailable: reply(403,'],
  ]),
  ...of('functions/eos/contract.ts', 'test/contracts/eos.test.ts', [
    ['tells the idle limit alone', 'expiryOf(session) * 1000', 'session.idleUntil * 1000'],
  ]),
  ...of('functions/s360/contract.ts', 'test/contracts/s360-refusals.test.ts', [
    ['answers E0004 to a wrong token', "'wrong-secret': invalid", "'wrong-secret': loggedOut"],
    ['answers E0003 after a logout', 'revoked: loggedOut', 'revoked: invalid'],
  ]),
  ...of('functions/s360/access-token.ts', 'test/contracts/s360-token.test.ts', [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source's own text
    ['signs a token past the session', '"exp":${expiryOf(session)}', '"exp":${session.idleUntil}'],
    ['shows the sessionToken in the JWT', 'encrypt(secret, keys.encryption)', 'secret'],
  ]),
];

/** Rules of the edge, of session-admin and of the template. */
const around = [
  ...of('functions/core/edge/wire-request.ts', 'test/edge/wire-request.test.ts', [
    ['takes the last of a repeated name', 'set(name, values?.[0])', 'set(name, values?.at(-1))'],
  ]),
  ...of('functions/core/edge/wire-request.ts', 'test/edge/parsers.test.ts', [
    [
      'decodes twice',
      "decodeURIComponent(text.replaceAll('+', ' '))",
      "decodeURIComponent(decodeURIComponent(text.replaceAll('+', ' ')))",
    ],
  ]),
  ...of('functions/core/edge/wire-request.ts', 'test/contracts/bad-input.test.ts', [
    ['takes what is no base64', "bytes.toString('base64') !== text", 'false'],
  ]),
  ...of('functions/core/edge/wire-request.ts', 'test/contracts/odd-input.test.ts', [
    ['parses a body of any size', 'bytes > mostBytes', 'false'],
  ]),
  ...of('functions/core/edge/error-record.ts', 'test/edge/record.test.ts', [
    ["logs an error's message", 'at: frames(error).slice(0, 8),', 'at: [error.message],'],
  ]),
  ...of('functions/core/edge/telemetry.ts', 'test/edge/telemetry.test.ts', [
    ['writes no metrics', 'metrics.publishStoredMetrics();', ''],
  ]),
  ...of('functions/core/edge/meter.ts', 'test/edge/meter.test.ts', [
    [
      'counts a retried storage request once',
      'return $metadata?.attempts ?? 1;',
      'return $metadata ? 1 : 1;',
    ],
  ]),
  ...of('functions/core/edge/reply.ts', 'test/edge/reply.test.ts', [
    ['lets an answer be kept', "'Cache-Control': 'no-store',", ''],
  ]),
  ...of('functions/core/edge/fault.ts', 'test/edge/fault.test.ts', [
    ['takes an outage for a bug', "? 'unavailable'\n", "? 'failed'\n"],
    ['takes a bug for an outage', "if (bugs.has(error.name)) return 'failed';", ''],
  ]),
  ...of('functions/core/edge/request-id.ts', 'test/edge/request-id.test.ts', [
    ['echoes any X-Request-Id', '/^[A-Za-z0-9._:-]{1,128}$/', '/^[^]*$/'],
    ['believes any gateway id', 'matching(context.requestId, uuid)', 'context.requestId'],
  ]),
  ...of('functions/core/edge/cors.ts', 'test/edge/cors.test.ts', [
    ['lets any origin read', ' || !origins.includes(origin)', ''],
  ]),
  ...of('functions/session-admin/commands.ts', 'test/session-admin/login.test.ts', [
    [
      'moves the end at a login',
      'refreshedAt: now, idleUntil };',
      'refreshedAt: now, ...timesAtOpening(policy, now) };',
    ],
  ]),
  ...of('functions/session-admin/commands.ts', 'test/session-admin/revoke-all.test.ts', [
    ['believes a late index', 'quiet < 2; )', 'quiet < 1; )'],
  ]),
  ...of('functions/session-admin/shown.ts', 'test/session-admin/show.test.ts', [
    [
      'shows a digest',
      'subject: subjectOf(session),',
      'subject: subjectOf(session), secret: session.secret,',
    ],
  ]),
  ...of('infra/session-table.ts', 'test/infra/least-privilege.test.ts', [
    ['lets a contract into every row', "'ForAllValues:StringLike': leading(keys),", ''],
  ]),
  ...of('infra/session-table.ts', 'test/infra/refresh-stack.test.ts', [
    [
      'deletes rows too early',
      "timeToLiveAttribute: 'purgeAt'",
      "timeToLiveAttribute: 'idleUntil'",
    ],
  ]),
  ...of('infra/keys.ts', 'test/infra/least-privilege.test.ts', [
    ['shows every key to every contract', 'contract.name === name', 'contract.name !== ""'],
  ]),
  ...of('infra/refresh-api.ts', 'test/infra/refresh-api.test.ts', [
    ['asks for no api key', 'apiKeyRequired: true', 'apiKeyRequired: false'],
    ['logs requests', 'MethodLoggingLevel.OFF', 'MethodLoggingLevel.INFO'],
  ]),
  ...of('infra/access-log.ts', 'test/infra/refresh-api.test.ts', [
    ['logs the api key', '$context.identity.apiKeyId', '$context.identity.apiKey'],
  ]),
  ...of('infra/gateway-faults.ts', 'test/infra/refresh-api.test.ts', [
    ["lets API Gateway's answer be kept", "'Cache-Control': 'no-store',", ''],
  ]),
];

/** What the OpenAPI documents say, each made untrue once. */
const documents = [
  ...of('functions/eos/openapi.yaml', 'test/openapi/answers.test.ts', [
    ['forgets an outcome', '                    - revoked\n', ''],
    ['tells people to retry what is over', '**Session over**: say', '**Retry**: say'],
    ['forgets a code in the table for people', '| 404 | `9-6` |', '| 404 | |'],
    ['has a code that there is not', "const: '9-5'", "const: '9-8'"],
  ]),
  ...of('functions/s360/openapi.yaml', 'test/openapi/answers.test.ts', [
    [
      'promises a header that is not always sent',
      'alone.\n              x-origin: chosen\n              required: false',
      'alone.\n              x-origin: chosen\n              required: true',
    ],
    [
      'knows an error of the gateway that there is not',
      '                  - ERR_403_DEVELOPER_OVER_RATE\n',
      '                  - ERR_403_DEVELOPER_OVER_RATE\n                  - ERR_403_OTHER\n',
    ],
  ]),
  ...of('functions/s360/openapi.yaml', 'test/openapi/samples.test.ts', [
    ['prints another sample', '"ar": "نجاح"', '"ar": "النجاح"'],
  ]),
  ...of('functions/s360/openapi.yaml', 'test/openapi/gateway.test.ts', [
    ['calls the key by another name', 'name: api_key', 'name: apikey'],
  ]),
  ...of('functions/s360/openapi.yaml', 'test/openapi/requests.test.ts', [
    [
      'calls a request one that refreshes',
      'x-outcomes: [unknown-session]',
      'x-outcomes: [refreshed]',
    ],
  ]),
  ...of('functions/ccstore/openapi.yaml', 'test/openapi/examples.test.ts', [
    ['has another token type', '"token_type":"bearer"', '"token_type":"Bearer"'],
  ]),
  ...of('functions/ccstore/openapi.yaml', 'test/contracts/ccstore.test.ts', [
    ['has another range of expires_in', '          minimum: 1\n', '          minimum: 931\n'],
  ]),
  ...of('functions/ccstore/openapi.yaml', 'test/openapi/documents.test.ts', [
    ['answers elsewhere', '  - url: /\n', '  - url: /v1\n'],
  ]),
];

/** Every mutant, in the order of the table in docs/security.md. */
export const mutants: readonly Mutant[] = [...core, ...tokens, ...wires, ...around, ...documents];
