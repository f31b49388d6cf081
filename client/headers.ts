/** The server's time of the answer, in epoch milliseconds, where CORS lets the page read it. */
export function dateOf(headers: Headers): number | undefined {
  return httpDate(headers.get('date'));
}

/**
 * The seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3). A date is compared
 * with the server's clock, or with this machine's where `Date` cannot be read.
 */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const written = headers.get('retry-after')?.trim() ?? '';
  const seconds = /^\d{1,15}$/.test(written) ? Number(written) : undefined;
  const date = httpDate(written);
  if (date === undefined) return seconds;
  return Math.max(0, (date - (dateOf(headers) ?? now)) / 1000);
}

/** `Date.parse` alone accepts nearly everything. */
function httpDate(text: string | null): number | undefined {
  const date = text?.endsWith(' GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
