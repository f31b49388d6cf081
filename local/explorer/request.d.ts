import type { RequestTemplate } from '../request-template.ts';

/** What a session's client holds, by the names that `open` gives. */
export type Held = Readonly<Record<string, unknown>>;

export interface ShownRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function requestOf(template: RequestTemplate, held: Held): ShownRequest;
export function heldAfter(held: Held, answer: Held): Held;
export function httpText(request: ShownRequest): string;
export function curlLine(request: ShownRequest, origin: string): string;
