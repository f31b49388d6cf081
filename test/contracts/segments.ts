/** The segments of a token, as they stand in it. */
export interface Segments {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/**
 * Takes a token apart.
 * @throws Error where it has not exactly three segments
 */
export function segments(token: string): Segments {
  const [header, payload, signature, ...more] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
    throw new Error('a token has three segments');
  return { header, payload, signature };
}

/** The text that a segment encodes, in either alphabet of base64. */
export function decoded(segment: string): string {
  return Buffer.from(segment, 'base64').toString('utf8');
}

/** The text of a token's payload. */
export function payloadOf(token: string): string {
  return decoded(segments(token).payload);
}
