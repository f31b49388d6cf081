import type { Contract } from '../../functions/core/contract/contract.ts';
import { documentOf, type OpenApi } from '../document.ts';
import { escaped, page } from './html.ts';
import { reference } from './reference.ts';
import { setupOf } from './setup.ts';

/** The overview: every contract, and the sessions in the table. */
export function indexPage(contracts: readonly Contract[]): string {
  const cards = contracts.map((contract) => {
    const { title, summary = '' } = documentOf(contract).info;
    return `
      <li class="card">
        <h2><a href="/explorer/${contract.name}">${escaped(contract.name)}</a></h2>
        ${route(contract)}
        <p>${escaped(title)}. ${escaped(summary)}</p>
      </li>`;
  });
  const owners = contracts.filter(({ name, serves }) => serves === name);
  const options = owners.map(({ name }) => `<option>${escaped(name)}</option>`).join('');
  const frame = {
    title: 'session-refresh',
    current: '',
    names: contracts.map(({ name }) => name),
    scripts: ['sessions.js'],
  };
  return page(
    frame,
    `
    <section class="intro">
      <h1>Refresh a session</h1>
      <p>Each contract keeps a logged-in session alive in its own way. Open one to refresh a live session
        with one click, to see every refusal, and to read its reference.</p>
    </section>
    <ul class="cards">${cards.join('')}
    </ul>
    <section aria-labelledby="sessions-title">
      <h2 id="sessions-title">Sessions in the local table</h2>
      ${noScript}
      <form id="open" class="bar">
        <label>Contract <select name="contract">${options}</select></label>
        <label>Subject <input name="subject" maxlength="256" autocomplete="off" placeholder="as in the sample"></label>
        <button class="primary">Open a session</button>
      </form>
      <div class="bar filter">
        <label>Show <select id="filter"><option value="">all contracts</option>${options}</select></label>
        <button type="button" id="reload">Reload</button>
      </div>
      <p id="said" class="said" role="status"></p>
      <p id="empty" class="empty" hidden>No sessions here. Choose a contract above and press
        <strong>Open a session</strong>, or run <code>npm run sessions -- open eos</code>.</p>
      <table id="sessions" hidden>
        <caption class="unseen">Sessions, newest first</caption>
        <thead><tr>
          <th scope="col">Contract</th><th scope="col">Session</th><th scope="col">State</th>
          <th scope="col">Subject</th><th scope="col">Opened</th><th scope="col">Refreshed</th>
          <th scope="col">Idle limit</th><th scope="col">Ends</th><th scope="col"><span class="unseen">Actions</span></th>
        </tr></thead>
        <tbody></tbody>
      </table>
    </section>`,
  );
}

/** The page of a contract: a session to try, and its reference. `host` is where this server answers. */
export function contractPage(contract: Contract, names: readonly string[], host: string): string {
  const { name } = contract;
  const document: OpenApi = documentOf(contract);
  const { title, summary = '' } = document.info;
  return page(
    { title: `${name} · session-refresh`, current: name, names, scripts: ['try.js'] },
    `
    <section class="intro">
      <h1>${escaped(name)}</h1>
      ${route(contract)}
      <p>${escaped(title)}. ${escaped(summary)}</p>
      <nav class="contents" aria-label="On this page"><a href="#try">Try it</a><a href="#about">About</a><a
        href="#request-reference">Request</a><a href="#answers">Answers</a><a href="#models">Models</a><a
        href="/explorer/${name}/openapi.yaml">OpenAPI document</a></nav>
    </section>
    ${tryIt(contract)}
    ${reference(document, contract, `http://${host}`)}`,
  );
}

/** The live session of a contract's page. Its data is for `try.js`. */
function tryIt(contract: Contract): string {
  const setup = setupOf(contract);
  const buttons = setup.refusals.map(
    ({ label }, at) => `<button type="button" data-refusal="${at}" disabled>${label}</button>`,
  );
  const panel = (id: string, heading: string, more = '') => `
        <div class="panel" id="${id}-panel"><h3 id="${id}-title">${heading}</h3>
          <pre id="${id}" tabindex="0" role="region" aria-labelledby="${id}-title"></pre>${more}</div>`;
  return `<section class="demo" id="try" aria-labelledby="try-title" data-setup="${escaped(JSON.stringify(setup))}">
      <h2 id="try-title">Try it</h2>
      <p>This tab has a session of its own. Every request goes to the real handler.</p>
      ${noScript}
      <div class="bar">
        <button type="button" class="primary" id="refresh" disabled>Refresh this session</button>
        <button type="button" id="renew" disabled>Open another</button>
        <button type="button" class="danger" id="revoke" disabled>Revoke it</button>
      </div>
      <p id="said" class="said" role="status"></p>
      <div id="life" class="life"></div>
      <div class="exchange">${panel('answer', 'Answer')}${panel('request', 'Request that was sent')}
      </div>
      <details id="next-part" open><summary>Next request</summary>${panel(
        'next',
        'Next request',
        `
          <div class="bar"><button type="button" id="copy-curl">Copy as curl</button>
          ${setup.client ? '<button type="button" id="copy-code">Copy as client code</button>' : ''}</div>`,
      )}
      </details>
      <details id="token-part" hidden><summary>The token, decoded</summary>${panel('token', 'Header and claims')}
      </details>
      <details id="server-part" hidden><summary>What the server did</summary>${panel('server', 'Log line')}
      </details>
      <fieldset class="refusals"><legend>See a refusal</legend>${buttons.join('')}</fieldset>
    </section>`;
}

function route({ path }: Contract): string {
  return `<p class="route"><span class="method">POST</span> <code>${escaped(path)}</code></p>`;
}

const noScript = `<noscript><p class="empty">This part needs JavaScript. The curl lines that
        <code>npm start</code> prints work without it.</p></noscript>`;
