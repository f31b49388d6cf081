/** The body of the document's sample request, as it is printed. */
export const sampleBody = `{
    "sessionToken": "",
    "sessionId": "{{sessionId}}"
}`;

/** The `api_key` of the document's sample request. */
export const sampleApiKey = '5k5a9rnknaj87kthytganapc';

/** The document's sample answer, as it is printed. */
export const sampleAnswer = `{
    "status": 200,
    "esbUUID": "51368f50-4a67-42d4-803c-ddc80c0be491",
    "desc": {
        "en": "Success",
        "ar": "نجاح",
        "code": "ESB-IDP-S0000"
    },
    "data": {
        "accessToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJJSUQtSURQU2VydmljZXMiLCJzdWIiOiJjaGF0Ym90IiwiYXVkIjoiU1NPIiwiY29udGV4dCI6eyJ1c2VyIjp7InNlbGZQcm9maWxlIjpbeyJwcm9maWxlSWQiOjYwMTgwNCwibmFtZUVuIjoiREFXT09EIEFMSSBBQkRVTExBIEFMSSBBSE1BRCIsIm5hbWVBciI6Itiv2KfZiNivINi52YTZiSDYudio2K_Yp9mE2YTZhyDYudmE2Ykg2KfYrdmF2K8iLCJtb2JpbGVObyI6IjA1ODU5eHh4eCIsImVtYWlsIjoiam9obkBpY2xvdWQuY29tIiwidHlwZSI6IklORElWSURVQUwiLCJpc0FjdGl2ZSI6dHJ1ZX1dfSwiYXBwIjp7ImlpZFBhcmFtcyI6eyJ0ZXN0Ijp7ImEiOjAsImIiOjB9fX0sInNzbyI6eyJzZXNzaW9uSWQiOiJjOWUxMmMxMy01ODllLTRmM2EtOTI3My1lOTMwMGZkYTBlZjEiLCJleHRlcm5hbFN5c3RlbUlkIjoiY2hhdGJvdCIsImF1dGhvcml0eVR5cGUiOiJTRUxGIiwic2Vzc2lvblRva2VuRW5jcnlwdGVkIjoidi95VGxScUc3dmpGYmV3anpaTmhLMllsSHRQd2liWUxKTWpPWTZnSGYranJYUklKZnc2cmZRRHdURTArM0VlUiJ9fX0.92Um5tC4JTm0_cuvcpf6YGjcwa_CrG4IpsGM5GUCPRQ"
    }
}`;

/** The token in the sample answer, and the id in it. */
const sampleToken: string = JSON.parse(sampleAnswer).data.accessToken;
export const sampleUuid = '51368f50-4a67-42d4-803c-ddc80c0be491';

/** Whose session the sample token speaks of, and what it says of them. */
export const sampleSession = {
  sessionId: 'c9e12c13-589e-4f3a-9273-e9300fda0ef1',
  subject: '601804',
  claims: JSON.stringify({
    ...JSON.parse(Buffer.from(sampleToken.split('.')[1] ?? '', 'base64url').toString()).context,
    sso: { externalSystemId: 'chatbot', authorityType: 'SELF' },
  }),
};

/** The `sessionTokenEncrypted` of the sample token. */
export const sampleEncrypted = 'v/yTlRqG7vjFbewjzZNhK2YlHtPwibYLJMjOY6gHf+jrXRIJfw6rfQDwTE0+3EeR';
