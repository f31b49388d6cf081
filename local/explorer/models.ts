import { type OpenApi, resolved, type Schema } from '../document.ts';
import { escaped } from './html.ts';
import { inline, origin } from './parts.ts';

/** Every schema of a document, as HTML. */
export function models(document: OpenApi): string {
  return Object.entries(document.components?.schemas ?? {})
    .map(([name, schema]) => model(document, name, schema))
    .join('');
}

function model(document: OpenApi, name: string, schema: Schema): string {
  const { title, description, properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([member, given]) => {
    const { description: words } = resolved(document, given);
    const must = required.includes(member) ? ' <strong>required</strong>' : '';
    return `<tr><th scope="row"><code>${escaped(member)}</code></th>
          <td>${typeText(document, given)}${must}</td><td>${inline(words)} ${origin(given)}</td></tr>`;
  });
  const table = `<div class="scroll" tabindex="0" role="group" aria-label="Members of ${escaped(name)}"><table class="fields">
        <caption class="unseen">Members of ${escaped(name)}</caption><tbody>${rows.join('')}</tbody></table></div>`;
  return `<details class="model" id="model-${escaped(name)}">
        <summary><h3>${escaped(name)}</h3> ${title ? escaped(title) : ''}</summary>
        ${description ? `<p>${inline(description)}</p>` : ''}
        ${rows.length > 0 ? table : `<p>${typeText(document, schema)}</p>`}
      </details>`;
}

/** The type of a schema in words: `string`, its pattern, its constant, or a link to its model. */
export function typeText(document: OpenApi, schema: Schema | undefined): string {
  if (!schema) return '';
  const { $ref, items, oneOf, anyOf } = schema;
  const name = $ref?.split('/').at(-1);
  if (name) return `<a href="#model-${escaped(name)}">${escaped(name)}</a>`;
  const choices = oneOf ?? anyOf;
  if (choices) return choices.map((one) => typeText(document, one)).join(' or ');
  if (items) return `array of ${typeText(document, items)}`;
  const { type, format, pattern, const: constant, enum: values } = schema;
  return [
    escaped([type].flat().join(' or ')),
    format && escaped(`(${format})`),
    constant !== undefined && code(JSON.stringify(constant)),
    values?.map((value) => code(JSON.stringify(value))).join(' '),
    pattern && code(pattern),
  ]
    .filter(Boolean)
    .join(' ');
}

const code = (text: string) => `<code>${escaped(text)}</code>`;
