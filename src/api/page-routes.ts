import fastifyStatic from '@fastify/static';
import type { ApiApp } from './app.ts';
import type { ApiDeps } from './deps.ts';

/** The built page, if there is one. */
export async function pageRoutes(app: ApiApp, deps: ApiDeps): Promise<void> {
  if (deps.webRoot === undefined) return;
  await app.register(fastifyStatic, {
    root: deps.webRoot,
    cacheControl: false,
    setHeaders(reply, path) {
      // The builder puts a hash into the name of everything but the page itself.
      const hashed = /[\\/]assets[\\/]/.test(path);
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
