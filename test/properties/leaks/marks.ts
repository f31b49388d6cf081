/**
 * Texts that must never be written, each to be recognised. A redaction of the product keeps each of
 * these out (unredacted.ts). Their characters are such that a URL, a form and JSON write them differently.
 */
export const redacted = {
  message: 'mark message Ux77',
  frame: 'mark frame Qa31',
  name: 'mark name Wd02',
  code: 'mark code Ef48',
  awsId: 'mark aws-id Rt65',
  sessionId: 'mark-id-7Qw3',
  clientId: 'mark client-id Gt43',
  gatewayId: 'mark gateway-id Jk90',
  extendedId: 'mark extended-id Mb11',
  apiKey: 'markapikeyH6dR2uYt5b9rnknaj87k',
  // A JSON error quotes the beginning of the text that it cannot read.
  shortKey: 'mk-Qz7',
  adminId: 'mark-admin-id-3Hs8',
  adminError: 'mark admin-error Pl56',
};

/** Texts that the product never passes to a log or an error. */
export const unspoken = {
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
