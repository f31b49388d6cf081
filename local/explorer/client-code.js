/** A program that refreshes the session by the client package. */
export function clientCode({ name, client, template, secret }, held, origin) {
  const members = ['sessionId', secret].filter(
    (member) => member in template.members || member === secret,
  );
  const credentials = Object.fromEntries(members.map((member) => [member, held[member]]));
  const apiKey = template.headers.api_key;
  return [
    `import { ${name} } from '${client}';`,
    '',
    `const refresh = ${name}({`,
    `  url: '${origin}${template.path}',`,
    ...(apiKey ? [`  apiKey: '${apiKey}',`] : []),
    `  credentials: ${JSON.stringify(credentials)},`,
    '});',
    'const answer = await refresh();',
    "if (answer.outcome === 'refreshed') console.log(answer.grant);",
    "if (answer.outcome === 'ended') console.log('log in again', answer.code);",
    '',
  ].join('\n');
}
