/** How the ids of throw-away sessions begin. The check's role reaches no other session. */
export const throwAwayId = 'release-check-';
