import { describe, expect, test } from 'vitest';
import { ccstore } from '../../functions/ccstore/contract.ts';
import { contracts } from '../../functions/contracts.ts';
import type { Contract } from '../../functions/core/contract/contract.ts';
import type { RequestRecord } from '../../functions/core/lambda/record.ts';
import { eos } from '../../functions/eos/contract.ts';
import { s360 } from '../../functions/s360/contract.ts';
import { curlLine, heldAfter, httpText, requestOf } from '../../local/explorer/request.js';
import type { GatewayRefusal } from '../../local/gateway.ts';
import { logLines } from '../../local/log-line.ts';
import { help, readOptions } from '../../local/options.ts';
import { requestTemplate } from '../../local/request-template.ts';
import { screen } from '../../local/screen.ts';

describe('the row of a request in the log of npm start', () => {
  test('aligns its columns within 100, and colours the outcome', () => {
    const wrong: RequestRecord = { ...refreshed, outcome: 'wrong-secret', status: 403 };
    const [good, bad] = ['eos', 's360'].map((name) => `12:00:00 ${name.padEnd(widest)}`);
    const id = `<dim>${requestId}</dim>`;
    expect(printed('INFO', refreshed, wrong, keyless)).toEqual([
      `${good} <green>200 refreshed        </green>    4.1ms  1×2.9ms     ${id}`,
      `${good} <yellow>403 wrong-secret     </yellow>    4.1ms  1×2.9ms     ${id}`,
      `${bad} <yellow>403 unknown-client   </yellow> API Gateway           ${id}`,
    ]);
    const [widestRow = ''] = printed('INFO', { ...failed, contract: 'x'.repeat(widest) });
    expect(widestRow.replaceAll(/<\/?\w+>/g, '').length).toBeLessThanOrEqual(100);
  });

  test('is followed by the error of a failure, and with DEBUG by every other id', () => {
    const error = 'error=Error ECONNREFUSED at connect (net.js:1:1)';
    expect(printed('INFO', failed)[1]).toBe(`<dim>         ${error}</dim>`);
    expect(printed('DEBUG', failed)[1]).toBe(`<dim>         cold=true ${error}</dim>`);
    expect(printed('DEBUG', refreshed)[1]).toBe(
      '<dim>         session=uTzeZ4RISPVOUG4ccw7gx9 extended=K1lm3Zp4 client=trace-7 key=a1b2c3</dim>',
    );
  });

  test('is printed where LOG_LEVEL lets it, and not where that is another word', () => {
    expect(printed('', refreshed)).toHaveLength(1);
    expect(printed('warn', refreshed, keyless)).toEqual([]);
    const allowed = 'DEBUG, INFO, WARN, ERROR, SILENT';
    expect(() => printed('loud')).toThrow(`LOG_LEVEL: unknown level "loud"; expected ${allowed}`);
  });
});

describe('the screen of npm start', () => {
  const ready = {
    origin: 'http://127.0.0.1:3000',
    table: 'http://127.0.0.1:8000',
    inMemory: true,
    demos: contracts.map((contract) => ({ contract, held: { accessToken: 'a.b.c' } })),
    origins: [],
    openCommand: 'npm run -s sessions -- open eos',
  };

  test('has a block for each contract: its route, and curl in one line', () => {
    const lines = screen(ready).split('\n');
    for (const { name, path } of contracts) {
      const at = lines.indexOf(`${name}: POST ${path}`);
      const curl = expect.stringMatching(/^curl -sS .*[^\\]$/);
      expect([lines[at - 1], ...lines.slice(at + 1, at + 3)]).toEqual(['', curl, '']);
    }
  });

  test('tells how long a token is valid, and which pages may call', () => {
    const demos = ready.demos.map((demo) => ({ ...demo, held: { expiresIn: 930 } }));
    expect(screen({ ...ready, demos })).toContain('(this token is valid for 15 minutes;');
    expect(screen({ ...ready, origins: ['http://a'] })).toContain('Pages of http://a may call');
  });

  test('tells what Ctrl-C loses, and how to keep it', () => {
    expect(screen(ready)).toContain('deletes its sessions; npm start -- --data DIR keeps them');
    expect(screen({ ...ready, inMemory: false })).toContain('its sessions are kept');
  });
});

describe('the arguments of npm start', () => {
  test('are a folder, origins and --help', () => {
    expect(readOptions([])).toEqual({ origins: [] });
    const args = ['--data', 'x', '--origin', 'http://a:1', '--origin', 'https://b.example'];
    expect(readOptions(args)).toEqual({ data: 'x', origins: ['http://a:1', 'https://b.example'] });
    expect(readOptions(['-h'])).toBe('help');
    for (const word of ['--data DIR', '--origin URL', 'LOG_LEVEL']) expect(help).toContain(word);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test.for([
    { args: ['--dta', 'x'], named: '--dta' },
    { args: ['--data'], named: '--data' },
    { args: ['tables'], named: 'tables' },
    { args: ['--origin', '*'], named: '"*"' },
    { args: ['--origin', 'http://LOCALHOST'], named: '"http://LOCALHOST"' },
    { args: ['--origin', 'localhost:5173'], named: '"localhost:5173"' },
    { args: ['--origin', 'http://localhost:5173/'], named: '"http://localhost:5173/"' },
  ])('are refused in one line that names $named', ({ args, named }) => {
    expect(() => readOptions(args)).toThrow(named);
    expect(() => readOptions(args)).toThrow(/^[^\n]*$/);
  });
});

describe('the request that a contract’s document gives', () => {
  const held = { sessionId: 's-1', secureCode: "o'c&1", sessionToken: '"t"', accessToken: 'a+/=' };
  const line = (contract: Contract) =>
    curlLine(requestOf(requestTemplate(contract, 'key'), held), 'http://h');

  test('holds the session’s credential, quoted for its format and for the shell', () => {
    expect(line(eos)).toBe(
      "curl -sS 'http://h/client/refresh' --data 'sessionId=s-1&secureCode=o%27c%261'",
    );
    expect(line(s360)).toBe(
      `curl -sS 'http://h/idp/sso/v1/refresh' -H 'api_key: key' -H 'Content-Type: application/json' --data '{"sessionToken":"\\"t\\"","sessionId":"s-1"}'`,
    );
    expect(line(ccstore)).toBe(
      "curl -sS -X POST 'http://h/ccstore/v1/refresh' -H 'Authorization: Bearer a+/='",
    );
  });

  test('is text as it travels, and has the newest credential after an answer', () => {
    const request = { method: 'POST', path: '/a', headers: { B: 'c' }, body: "it's" };
    expect(httpText(request)).toBe("POST /a\nB: c\n\nit's");
    expect(curlLine(request, '')).toBe("curl -sS '/a' -H 'B: c' --data 'it'\\''s'");
    const before = { sessionId: 's', secureCode: '1', accessToken: 'x' };
    const answer = { secureCode: '2', access_token: 'y', expires_in: 930 };
    const after = { sessionId: 's', secureCode: '2', accessToken: 'y' };
    expect(heldAfter(before, answer)).toEqual(after);
  });
});

const widest = Math.max(...contracts.map(({ name }) => name.length));

const requestId = '51368f50-4a67-42d4-803c-ddc80c0be491';
const others = { extendedRequestId: 'K1lm3Zp4', clientRequestId: 'trace-7', apiKeyId: 'a1b2c3' };
const quick = { coldStart: false, storageRequests: 1, storageMs: 2.94, totalMs: 4.1 };
const slow = { coldStart: true, storageRequests: 3, storageMs: 900, totalMs: 1000 };

const refreshed: RequestRecord = {
  contract: 'eos',
  requestId,
  ...others,
  ...quick,
  outcome: 'refreshed',
  status: 200,
  session: 'uTzeZ4RISPVOUG4ccw7gx9',
};

const failed: RequestRecord = {
  contract: 's360',
  requestId,
  clientRequestId: requestId,
  ...slow,
  outcome: 'unavailable',
  status: 503,
  error: { name: 'Error', code: 'ECONNREFUSED', at: ['at connect (net.js:1:1)', 'at b'] },
};

const keyless: GatewayRefusal = {
  contract: 's360',
  requestId,
  fault: 'unknown-client',
  status: 403,
};

/** What is printed of requests. A colour is shown as a tag. */
function printed(level: string | undefined, ...requests: (RequestRecord | GatewayRefusal)[]) {
  const lines: string[] = [];
  const log = logLines(
    level,
    (line) => lines.push(line),
    () => new Date(2026, 0, 15, 12),
    (color, text) => `<${color}>${text}</${color}>`,
  );
  for (const request of requests) 'fault' in request ? log.refusal(request) : log.record(request);
  return lines;
}
