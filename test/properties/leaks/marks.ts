const errors = 'core/lambda/error-record.ts';
const ids = 'core/lambda/request-ids.ts';
const admin = 'session-admin';
const frames = 'frames(error).slice(0, 8)';
const firstLine = "error.message.split('\\n', 1)[0]";
const hashed = 'sessionHash(keys.log, rowKey(contract.serves, credential.id));';
const adminHash = 'sessionHash((await keys(contract)).log, rowKey(contract.name, id))';
const uuid = 'uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;';
const notJson = "throw new Error('SESSION_KEYS is not JSON');";
const parsed = 'return object(JSON.parse(text));';
const wrapped = 'throw Object.assign(';

/**
 * Texts that must never be written, each to be recognised, and the redaction that keeps each out: its
 * file, its code, and the code without it (unredacted.ts). The characters of a text are such that a
 * URL, a form and JSON write them differently.
 */
export const redactions = {
  message: ['mark message Ux77', errors, `at: ${frames},`, `at: [${firstLine}, ...${frames}],`],
  frame: ['mark frame Qa31', errors, 'stack.slice(at + message.length)', 'stack'],
  name: ['mark name Wd02', errors, String.raw`names = /^[A-Za-z]\w{0,63}$/;`, 'names = /./;'],
  code: ['mark code Ef48', errors, 'codes = /^[A-Z][A-Z_]{1,47}$/;', 'codes = /./;'],
  awsId: ['mark aws-id Rt65', errors, 'awsIds = /^[A-Za-z0-9-]{1,64}$/;', 'awsIds = /./;'],
  sessionId: ['mark-id-7Qw3', 'core/lambda/refresh-handler.ts', hashed, 'credential.id;'],
  clientId: ['mark client-id Gt43', ids, 'sane = /^[A-Za-z0-9._:-]{1,128}$/;', 'sane = /./;'],
  gatewayId: ['mark gateway-id Jk90', ids, uuid, 'uuid = /./;'],
  extendedId: [
    ...['mark extended-id Mb11', ids],
    ...['token = /^[A-Za-z0-9+/_-]{1,64}={0,2}$/;', 'token = /./;'],
  ],
  apiKey: [
    ...['markapikeyH6dR2uYt5b9rnknaj87k', ids],
    ...['context.identity?.apiKeyId', 'context.identity?.apiKey'],
  ],
  // A JSON error quotes the beginning of the text that it cannot read.
  shortKey: ['mk-Qz7', 'core/keys/keys.ts', notJson, parsed],
  adminId: ['mark-admin-id-3Hs8', `${admin}/audit.ts`, adminHash, 'rowKey(contract.name, id)'],
  adminError: [
    ...['mark admin-error Pl56', `${admin}/handler.ts`],
    ...[wrapped, `if (error) throw error; ${wrapped}`],
  ],
} satisfies Record<string, readonly string[]>;

const redacted = Object.fromEntries(
  Object.entries(redactions).map(([name, [mark]]) => [name, mark]),
) as Record<keyof typeof redactions, string>;

/** Texts that the product never passes to a log or an error. */
const unspoken = {
  secret: 'mark-secret-Zk81~+/=',
  guess: 'mark guess "Lp09"',
  subject: 'mark subject Oy55',
  rootKey: 'mark-root-key-0123456789-abcdefghijklmnopqrstuvwxyz',
  signingKey: 'mark-signing-key-0123456789-abcdefghijklmnopqrstuvwxyz',
  query: 'mark-query-Vb12',
  header: 'mark-header Cv29',
  claim: 'mark-claim-Ns28',
};

export const marks = { ...redacted, ...unspoken };

/** The names of the marks in a text, in any of their forms. */
export function marksIn(text: string): string[] {
  const found = Object.entries(marks).filter(([, mark]) =>
    formsOf(mark).some((form) => text.includes(form)),
  );
  return found.map(([name]) => name);
}

/** A mark as it is, in JSON, hex, a URL and a form, and in both alphabets of base64 at any offset. */
function formsOf(mark: string): readonly string[] {
  const bytes = Buffer.from(mark);
  const hex = bytes.toString('hex');
  return [
    mark,
    JSON.stringify(mark).slice(1, -1),
    hex,
    hex.toUpperCase(),
    encodeURIComponent(mark),
    new URLSearchParams({ '': mark }).toString().slice(1),
    ...[0, 1, 2].flatMap((before) => {
      // The bytes before and behind change the characters at either end.
      const base64 = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      const core = base64.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1, -2);
      return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
    }),
  ];
}
