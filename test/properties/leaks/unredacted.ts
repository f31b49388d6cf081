/** Loads the product without its redactions: `node --import ./unredacted.ts every-path.ts …` */

import { registerHooks } from 'node:module';
import { redactions } from './marks.ts';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    let source = String(loaded.source);
    for (const [, file, from = '', to = ''] of Object.values<readonly string[]>(redactions)) {
      if (!url.endsWith(`/functions/${file}`)) continue;
      const parts = source.split(from);
      if (parts.length !== 2) throw new Error(`${file} has no single ${from}`);
      source = parts.join(to);
    }
    return { ...loaded, source };
  },
});
