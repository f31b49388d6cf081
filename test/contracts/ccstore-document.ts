/** The document's example answer, as it is printed. */
export const sampleAnswer = `{
"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=",
"token_type":"bearer",
"expires_in":930
}`;

/** Its sample response payload: the same answer, printed a second time. */
export const samplePayload = `{ "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE0MTQxNDk5NTYsInN1YiI6IjExMDU1OCIsImlzcyI6InN0b3JlZnJvbnRVSSIsImlhdCI6MTQxNDE0OTAyNn0=.B9qM0/VKpCNKvjCmOnUPv4RS7mkIDgKcP8RJPaVQGYU=", "token_type": "bearer", "expires_in": 930 }`;

/** The token in the sample answer. */
export const sampleToken: string = JSON.parse(sampleAnswer).access_token;

/** The claims in it: whose it is, when it was made, and when it ends. */
export const sample = { exp: 1414149956, sub: '110558', iss: 'storefrontUI', iat: 1414149026 };
