import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import * as ccstoreDocument from '../contracts/ccstore-document.ts';
import * as s360Document from '../contracts/s360-document.ts';
import { sample, sampleRequest, wholeRequest } from '../support/eos.ts';
import { answersOf, operationOf, textOfDocument } from '../support/openapi.ts';

/** A text without white space that stands between its words: indentation is the document's own. */
function flat(text: string): string {
  return text.replace(/\s+/g, '');
}

const samples = [
  { what: 'the request of eos', contract: eos, text: sampleRequest },
  { what: 'the answer of eos', contract: eos, text: sample },
  {
    what: 'the error of eos',
    contract: eos,
    text: '{ "message": "Invalid credential", "code": "3-2" }',
  },
  { what: 'the request of s360', contract: s360, text: s360Document.sampleBody },
  {
    what: 'the example body of s360',
    contract: s360,
    text: '{\n    "sessionToken": "{{sessionToken}}",\n    "sessionId": "{{sessionId}}"\n}',
  },
  { what: 'the key of s360', contract: s360, text: `api_key: ${s360Document.sampleApiKey}` },
  { what: 'the answer of s360', contract: s360, text: s360Document.sampleAnswer },
  { what: 'the answer of ccstore', contract: ccstore, text: ccstoreDocument.sampleAnswer },
  { what: 'the payload of ccstore', contract: ccstore, text: ccstoreDocument.samplePayload },
];

describe.for(samples)('$what, as its document prints it', ({ contract, text }) => {
  test('stands in the OpenAPI document', () => {
    expect(flat(textOfDocument(contract))).toContain(flat(text));
  });
});

const answers = [
  { name: 'eos', contract: eos, text: sample },
  { name: 's360', contract: s360, text: s360Document.sampleAnswer },
  { name: 'ccstore', contract: ccstore, text: ccstoreDocument.sampleAnswer },
];

describe.for(answers)('the documented answer of $name', ({ contract, text }) => {
  test('is the example of a refresh, its keys in order', () => {
    const examples = answersOf(contract).filter(({ status }) => status === 200);
    const texts = examples.map(({ value }) => JSON.stringify(value));
    expect(texts).toEqual([JSON.stringify(JSON.parse(text))]);
  });
});

test('the documented request of eos, with what its table demands, is its first example', () => {
  const { content } = operationOf(eos).requestBody;
  const [first] = Object.values(content['application/x-www-form-urlencoded']?.examples ?? {});
  expect(new URLSearchParams({ ...first?.value }).toString()).toBe(wholeRequest);
});

test.for([
  { code: 'ESB-IDP-E0003', en: 'Session ID and/or sessionToken is invalid' },
  { code: 'ESB-IDP-E0004', en: 'User logged out' },
])('the documented error $code of s360 stands under 401', ({ code, en }) => {
  const texts = answersOf(s360).filter(({ status }) => status === 401);
  expect(texts.map(({ value }) => value)).toContainEqual({
    status: 401,
    esbUUID: s360Document.sampleUuid,
    desc: { code, en, ar: expect.any(String) },
  });
});
