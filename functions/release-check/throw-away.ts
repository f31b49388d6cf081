/** The prefix of the ids of throw-away sessions. The check's IAM role allows no other session. */
export const throwAwayId = 'release-check-';
