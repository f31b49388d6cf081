import type { Contract } from '../../functions/core/contract/contract.ts';
import { demoApiKey } from '../demo.ts';
import {
  type Answer,
  type Example,
  examplesOf,
  type Field,
  type OpenApi,
  operationOf,
  resolved,
} from '../document.ts';
import { requestTemplate } from '../request-template.ts';
import { escaped } from './html.ts';
import { models, typeText } from './models.ts';
import { block, inline, markdown, origin } from './parts.ts';
import { curlLine, requestOf } from './request.js';

/** The reference of a contract, as HTML, from its OpenAPI document. */
export function reference(document: OpenApi, contract: Contract, server: string): string {
  const operation = operationOf(document, contract);
  const { description = '', parameters = [], requestBody, responses } = operation;
  const [about, sources] = split(document.info.description ?? '');
  const examples = Object.entries(requestBody?.content ?? {}).flatMap(([type, media]) =>
    examplesOf(media).map((example) => ({ type, example })),
  );
  return `<section id="reference" aria-label="API reference">
      <h2 id="about">About</h2>
      ${markdown(about)}
      <h2 id="request-reference">Request</h2>
      <h3>As curl</h3>
      ${block(sample(document, contract, server), 'The request as curl')}
      ${markdown(description)}
      ${
        parameters.length > 0
          ? fieldTable(
              'Parameters',
              parameters.map((one) => [`${one.name}`, one.in, one] as const),
              document,
            )
          : ''
      }
      ${requestBody ? `<h3>Body</h3>${markdown(requestBody.description)}` : ''}
      ${examples.map(({ type, example }) => shown(example, type)).join('')}
      <h2 id="answers">Answers</h2>
      ${Object.entries(responses)
        .map(([status, answer]) => answerPart(status, answer, document))
        .join('')}
      <h2 id="models">Models</h2>
      ${models(document)}
      ${sources ? `<h2 id="sources">Where each fact comes from</h2>${markdown(sources)}` : ''}
    </section>`;
}

/** A document's description without the paragraph on `x-origin`, and that paragraph. It is read last. */
function split(description: string): readonly [string, string] {
  const heading = '**Where each fact comes from.** ';
  const paragraphs = description.split('\n\n');
  const [sources = ''] = paragraphs.filter((text) => text.startsWith(heading));
  const rest = paragraphs.filter((text) => !text.startsWith(heading));
  return [rest.join('\n\n'), sources.slice(heading.length)];
}

/** A request of the document's own session. */
function sample(document: OpenApi, contract: Contract, server: string): string {
  const media = operationOf(document, contract).responses['200']?.content?.['application/json'];
  const [answer] = media ? examplesOf(media) : [];
  const { access_token: accessToken } = (answer?.value ?? {}) as { access_token?: string };
  return curlLine(requestOf(requestTemplate(contract, demoApiKey), { accessToken }), server);
}

function answerPart(status: string, answer: Answer, document: OpenApi): string {
  const headers = Object.entries(answer.headers ?? {}).map(
    ([name, field]) => [name, '', field] as const,
  );
  const examples = Object.values(answer.content ?? {}).flatMap(examplesOf);
  const kind = status.startsWith('2') ? 'good' : 'bad';
  return `<details class="answer" data-kind="${kind}"${status === '200' ? ' open' : ''}>
        <summary><h3>${escaped(status)}</h3> ${inline(answer.description)} ${origin(answer)}</summary>
        ${headers.length > 0 ? fieldTable('Headers', headers, document) : ''}
        ${examples.map((example) => shown(example, 'Body')).join('')}
      </details>`;
}

/** An example, with what it is and by which words the log calls it. */
function shown(example: Example, what: string): string {
  const { summary = 'Example', description, value } = example;
  const outcomes = example['x-outcomes'] ?? [];
  const words = outcomes.map((word) => `<code>${escaped(word)}</code>`).join(' ');
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return `<div class="example">
        <p><strong>${escaped(summary)}</strong> <span class="quiet">${escaped(what)}</span> ${origin(example)}</p>
        ${markdown(description)}
        ${block(text, `${summary}: ${what}`)}
        ${words ? `<p class="quiet">Outcomes in the log: ${words}</p>` : ''}
      </div>`;
}

function fieldTable(
  caption: string,
  fields: readonly (readonly [name: string, place: string, field: Field])[],
  document: OpenApi,
): string {
  const rows = fields.map(([name, place, given]) => {
    const field = resolved(document, given);
    return `<tr><th scope="row"><code>${escaped(name)}</code> <span class="quiet">${escaped(place)}</span></th>
          <td>${typeText(document, field.schema)}${field.required ? ' <strong>required</strong>' : ''}</td>
          <td>${inline(field.description)} ${origin(field)}</td></tr>`;
  });
  return `<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table class="fields">
        <caption>${caption}</caption><tbody>${rows.join('')}</tbody></table></div>`;
}
