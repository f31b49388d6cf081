import type { Contract } from '../../functions/core/contract/contract.ts';
import { refreshes } from './refreshes.ts';

/** What a document says of itself. */
export interface About {
  readonly title: string;
  readonly summary: string;
}

/** The page of all contracts, and of the sessions that there are. */
export function indexPage(contracts: readonly (readonly [Contract, About])[]): string {
  const cards = contracts.map(
    ([{ name, path }, { title, summary }]) => `
      <li class="card">
        <h2><a href="/explorer/${name}">${escaped(name)}</a></h2>
        <p class="route"><span class="method">POST</span> <code>${escaped(path)}</code></p>
        <p>${escaped(title)}. ${escaped(summary)}</p>
      </li>`,
  );
  const choices = contracts
    .filter(([{ name, serves }]) => serves === name)
    .map(([{ name }]) => `<option>${escaped(name)}</option>`);
  return page(
    {
      title: 'session-refresh',
      current: '',
      names: contracts.map(([{ name }]) => name),
      scripts: ['sessions.js'],
    },
    `
    <section class="intro">
      <h1>Refresh a session</h1>
      <p>Each contract here keeps a logged-in session alive in its own words. Open one to refresh a live
        demo session with one click, and to read every request and answer there is.</p>
    </section>
    <ul class="cards">${cards.join('')}
    </ul>
    <section aria-labelledby="sessions-title">
      <div class="heading">
        <h2 id="sessions-title">Sessions in the local table</h2>
        <button type="button" id="reload">Reload</button>
      </div>
      <form id="open" class="bar">
        <label>Contract <select name="contract">${choices.join('')}</select></label>
        <label>Subject <input name="subject" maxlength="256" autocomplete="off" placeholder="as in the sample"></label>
        <button class="primary">Open a session</button>
      </form>
      <p id="said" class="said" role="status"></p>
      <table id="sessions">
        <caption class="unseen">Sessions, the newest first</caption>
        <thead><tr>
          <th scope="col">Contract</th><th scope="col">Session</th><th scope="col">State</th>
          <th scope="col">Subject</th><th scope="col">Opened</th><th scope="col">Refreshed</th>
          <th scope="col">Idle until</th><th scope="col">Ends</th><th scope="col"><span class="unseen">Revoke</span></th>
        </tr></thead>
        <tbody></tbody>
      </table>
    </section>`,
  );
}

/** The page of one contract: its demo session, and its reference. */
export function contractPage(
  { name, serves, path }: Contract,
  { title, summary }: About,
  names: readonly string[],
): string {
  const refresh = refreshes[name];
  const demo = `
    <section class="demo" id="demo" aria-labelledby="demo-title" data-contract="${escaped(serves)}"
        data-path="${escaped(path)}" data-refresh="${escaped(JSON.stringify(refresh))}">
      <h2 id="demo-title">Try it</h2>
      <p>A live session of this tab’s own. The request below is complete: send it as it is.</p>
      <div class="bar">
        <button type="button" class="primary" id="refresh" disabled>Refresh this session</button>
        <button type="button" id="revoke" disabled>Revoke it</button>
        <button type="button" id="renew" disabled>Open another</button>
      </div>
      <p id="said" class="said" role="status"></p>
      <div class="exchange">
        <div><h3 id="request-title">Request</h3>
          <pre id="request" tabindex="0" role="region" aria-labelledby="request-title"></pre></div>
        <div><h3 id="answer-title">Answer</h3>
          <pre id="answer" tabindex="0" role="region" aria-labelledby="answer-title">Not sent yet.</pre></div>
      </div>
    </section>`;
  return page(
    {
      title: `${name} · session-refresh`,
      current: name,
      names,
      scripts: [...(refresh ? ['demo.js'] : []), 'scalar.js', 'reference.js'],
    },
    `
    <section class="intro">
      <h1>${escaped(name)}</h1>
      <p class="route"><span class="method">POST</span> <code>${escaped(path)}</code></p>
      <p>${escaped(title)}. ${escaped(summary)}</p>
    </section>${refresh ? demo : ''}
    <section id="reference" aria-label="API reference" data-document="/explorer/${name}/openapi.yaml"></section>`,
  );
}

interface Frame {
  readonly title: string;
  readonly current: string;
  readonly names: readonly string[];
  readonly scripts: readonly string[];
}

/** What all pages have around them. */
function page({ title, current, names, scripts }: Frame, main: string): string {
  const links = ['', ...names].map((name) => {
    const here = name === current ? ' aria-current="page"' : '';
    return `<a href="${name ? `/explorer/${name}` : '/'}"${here}>${escaped(name || 'Overview')}</a>`;
  });
  // A module waits for the page, and so does a deferred script: Scalar's is no module.
  const loaded = scripts.map((script) =>
    script === 'scalar.js'
      ? `<script defer src="/explorer/${script}"></script>`
      : `<script type="module" src="/explorer/${script}"></script>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escaped(title)}</title>
  <link rel="icon" href="/explorer/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/explorer/style.css">
  ${loaded.join('\n  ')}
</head>
<body>
  <a class="skip" href="#main">Skip to content</a>
  <header class="top">
    <a class="home" href="/">session-refresh</a>
    <nav aria-label="Contracts">${links.join('')}</nav>
  </header>
  <main id="main" tabindex="-1">${main}
  </main>
  <footer>Served by <code>npm start</code> on this machine alone. Nothing here is deployed.</footer>
</body>
</html>
`;
}

/** A text as HTML shows it, between tags or in quotes. */
function escaped(text = ''): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
