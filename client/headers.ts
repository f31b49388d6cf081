/** The server's clock when it answered, in epoch milliseconds, where it may be read. */
export function dateOf(headers: Headers): number | undefined {
  return httpDate(headers.get('date'));
}

/**
 * The seconds that `Retry-After` asks for, written either way (RFC 9110, 10.2.3). A date is taken by
 * the server's clock, and by this machine's where that may not be read.
 */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const written = headers.get('retry-after')?.trim() ?? '';
  const seconds = /^\d{1,15}$/.test(written) ? Number(written) : undefined;
  const date = httpDate(written);
  if (date === undefined) return seconds;
  return Math.max(0, (date - (dateOf(headers) ?? now)) / 1000);
}

/** `Date.parse` alone makes a date of nearly everything. */
function httpDate(text: string | null): number | undefined {
  const date = text?.endsWith(' GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
