/** What a page has that others do not. */
export interface Frame {
  readonly title: string;
  /** The contract of the page; empty for the overview. */
  readonly current: string;
  readonly names: readonly string[];
  readonly scripts: readonly string[];
}

/** A whole page: a frame that all pages share, around its own content. */
export function page({ title, current, names, scripts }: Frame, main: string): string {
  const links = ['', ...names].map((name) => {
    const here = name === current ? ' aria-current="page"' : '';
    return `<a href="${name ? `/explorer/${name}` : '/'}"${here}>${escaped(name || 'Overview')}</a>`;
  });
  const loaded = scripts.map((name) => `<script type="module" src="/explorer/${name}"></script>`);
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
  <footer>Served by <code>npm start</code> on this machine. Nothing here is deployed.</footer>
</body>
</html>
`;
}

/** A text as HTML shows it, between tags or in quotes. */
export function escaped(text = ''): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
