import fc from 'fast-check';
import type { Contract } from '../../functions/core/contract/contract.ts';
import { demoApiKey } from '../../local/demo.ts';
import { type Call, edited, text } from './inputs.ts';

/** What goes over a connection, a character a byte. */
export interface Bytes {
  readonly text: string;
  /** Whether it is all of a request, or shows at once that it is none: then it is answered. */
  readonly whole: boolean;
  readonly right: Call['right'];
}

/** Requests of every method and path, their length told rightly, that end their connection. */
export function whole(contract: Contract, calls: fc.Arbitrary<Call>): fc.Arbitrary<Bytes> {
  return fc
    .record({
      call: calls,
      method: fc.oneof(
        { weight: 6, arbitrary: fc.constant('POST') },
        {
          weight: 1,
          arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'TRACE', 'BREW', 'post'),
        },
      ),
      path: fc.oneof(
        { weight: 8, arbitrary: fc.constant(contract.path) },
        { weight: 1, arbitrary: edited(contract.path) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('*', '//', `${contract.path}/`, `http://a${contract.path}`),
        },
      ),
      apiKey: fc.oneof(
        { weight: 6, arbitrary: fc.constant(demoApiKey) },
        { weight: 1, arbitrary: edited(demoApiKey) },
      ),
    })
    .map(({ call, method, path, apiKey }) => bytesOf(contract, call, { method, path, apiKey }));
}

/** A call over a connection of its own. */
export function bytesOf(
  contract: Contract,
  call: Call,
  { method = 'POST', path = contract.path, apiKey = demoApiKey } = {},
): Bytes {
  const { headers, body, base64, query = [] } = call;
  const bytes = Buffer.from(body ?? '', base64 ? 'base64' : 'utf8');
  const pairs = query.flatMap(([name, values]) =>
    values.map((value) => [name, value].map((part) => encodeURIComponent(part.toWellFormed()))),
  );
  const search = pairs.length > 0 ? `?${pairs.map((pair) => pair.join('=')).join('&')}` : '';
  const lines = [
    `${method} ${path}${search} HTTP/1.1`,
    'Host: localhost',
    ...(contract.apiKey === 'required' ? [`api_key: ${apiKey}`] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    `Content-Length: ${bytes.length}`,
  ];
  const text = `${lines.join('\r\n')}\r\n\r\n${bytes.toString('latin1')}`;
  return { text, whole: true, right: call.right };
}

/** Whatever else may come over a connection. */
export function broken(requests: fc.Arbitrary<Bytes>): fc.Arbitrary<Bytes> {
  const spoilt = fc
    .tuple(requests, fc.nat(13), fc.nat(), text)
    .map(([request, how, number, more]) => {
      const { text } = request;
      const at = number % (text.length + 1);
      const other = String.fromCharCode(number % 256);
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const unended = head.replace('Connection: close\r\n', '');
      const chunked = `${head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked')}\r\n\r\n`;
      const size = body.length.toString(16);
      return [
        text.slice(0, at),
        text.slice(0, at) + other + text.slice(at + 1),
        text.slice(0, at) + more + text.slice(at),
        text.replace(/^.*\r\n/, `${more}\r\n`),
        text.replace('HTTP/1.1', `HTTP/${number % 10}.${number % 3}`),
        text.replace(/Content-Length: .*/, `Content-Length: ${number % 500}`),
        text.replace(/Content-Length: .*/, `Content-Length: ${more}`),
        text.replace('Connection: close', 'Transfer-Encoding: chunked'),
        text.replace('Connection: close', 'Expect: 100-continue'),
        text.replace('Connection: close', 'Connection: Upgrade\r\nUpgrade: h2c'),
        `${chunked}${size}\r\n${body}\r\n0\r\n\r\n`,
        `${chunked}${size};${more}\r\n${body}\r\n${more}`,
        `${unended}\r\n\r\n${body}`.repeat(1 + (number % 4)),
        `${unended}\r\n\r\n${body}${more}`,
      ][how];
    });
  const alien = fc.oneof(
    text,
    fc.constantFrom(
      '\r\n\r\n',
      '\0'.repeat(1000),
      '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /client/refresh\r\n\r\n',
      `POST / HTTP/1.1\r\n${'a: b\r\n'.repeat(5000)}\r\n`,
      `POST /${'a'.repeat(50_000)} HTTP/1.1\r\n\r\n`,
    ),
  );
  return fc
    .oneof({ weight: 9, arbitrary: spoilt }, { weight: 1, arbitrary: alien })
    .map((text) => ({ text: text ?? '', whole: false, right: 'perhaps' }));
}

/** One answer of those that came over a connection. */
export interface HttpAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The answers in all that a connection brought. */
export function answersIn(got: string): readonly HttpAnswer[] {
  const answers: HttpAnswer[] = [];
  let rest = got;
  while (rest !== '') {
    const [head = ''] = rest.split('\r\n\r\n', 1);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    const after = rest.slice(head.length + 4);
    // An answer to HEAD tells how a body is framed, and has none.
    const none = after === '' || after.startsWith('HTTP/1.1 ');
    const chunked = /^transfer-encoding: chunked$/im.test(head);
    const [framed = after, size = '', chunk = ''] =
      (chunked && /^(?:([0-9a-f]+)\r\n([\s\S]*?)\r\n)?0\r\n\r\n/.exec(after)) || [];
    const ended = after === '' || after.startsWith('HTTP/1.1 ') || framed.endsWith('0\r\n\r\n');
    const whole = !chunked || (ended && Number.parseInt(size || '0', 16) === chunk.length);
    answers.push({
      status: whole ? status : Number.NaN,
      head,
      body: chunked && !none ? chunk : none ? '' : after,
    });
    rest = none ? after : after.slice(framed.length);
  }
  return answers;
}
