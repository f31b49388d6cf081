/**
 * The script of Scalar's API reference, whole, as a browser wants it. This package of Scalar's is the
 * small one that has it: `@scalar/api-reference` brings 272 packages along. It hands the script out by a
 * route of Fastify's, and that route is all that is asked of it here. Its 4 MB are read when a page asks.
 */
export async function rendererScript(): Promise<string> {
  const scalar = await import('@scalar/fastify-api-reference');
  const routes: Route[] = [];
  const fastify = {
    initialConfig: {},
    hasPlugin: () => false,
    route: (route: Route) => routes.push(route),
  };
  const plugin = scalar.default as unknown as Plugin;
  plugin(fastify, { configuration: { url: 'unused' } }, () => undefined);
  let script: unknown;
  const reply: Reply = {
    header: () => reply,
    send: (body) => {
      script = body;
    },
  };
  routes.find(({ url }) => url.endsWith('.js'))?.handler({}, reply);
  if (typeof script !== 'string') throw new Error('@scalar/fastify-api-reference has no script');
  // Its source map stays in the package.
  return script.replace(/\n\/\/# sourceMappingURL=\S*\s*$/, '\n');
}

/** As much of Fastify as the plugin uses; its own types want the package `fastify`. */
type Plugin = (fastify: object, options: object, done: () => void) => void;

interface Route {
  readonly url: string;
  readonly handler: (request: object, reply: Reply) => void;
}

interface Reply {
  header(name: string, value: string): Reply;
  send(body: unknown): void;
}
