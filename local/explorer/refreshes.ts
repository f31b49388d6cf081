import { demoApiKey } from '../demo.ts';

/**
 * How a client refreshes what it holds, as data that a page can fill in: `{name}` stands for the
 * member of that name, whose characters need no escape wherever they stand here.
 */
export interface Refresh {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Which members the answer replaces, each by which of its own. */
  readonly newest: Readonly<Record<string, string>>;
}

const bearer: Refresh = {
  headers: { Authorization: 'Bearer {accessToken}' },
  newest: { accessToken: 'access_token' },
};

/** Each contract's. One that is not here has its reference, and nothing to click. */
export const refreshes: Readonly<Record<string, Refresh>> = {
  eos: {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'sessionId={sessionId}&secureCode={secureCode}',
    newest: { secureCode: 'secureCode' },
  },
  s360: {
    headers: { api_key: demoApiKey, 'Content-Type': 'application/json' },
    body: '{"sessionToken":"{sessionToken}","sessionId":"{sessionId}"}',
    newest: {},
  },
  ccstore: bearer,
  ccstoreui: {
    ...bearer,
    headers: {
      ...bearer.headers,
      'Content-Type': 'application/json',
      'X-CCProfileType': 'storefrontUI',
    },
    body: '{}',
  },
};
