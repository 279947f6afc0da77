import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { ApiApp } from './app.ts';

/** The renderer sets styles from script and draws its icons from data URLs; it runs no inline script. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** OpenAPI from the routes' own schemas: registered before them, so that it sees each. */
export async function describeApi(app: ApiApp): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Vigie',
        description:
          'Cameras, timelines, playlists, clips and pictures. Moments are ISO 8601 UTC with microseconds.',
        version: '1',
      },
    },
    transform: jsonSchemaTransform,
  });
}

export async function docsRoutes(app: ApiApp): Promise<void> {
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(fastifySwaggerUi, { routePrefix: '/api/docs', staticCSP: DOCS_POLICY });
}
