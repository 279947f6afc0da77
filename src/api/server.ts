import fastify, { LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiApp } from './app.ts';
import { cameraRoutes } from './camera-routes.ts';
import type { ApiDeps } from './deps.ts';
import { describeApi, docsRoutes } from './docs-routes.ts';
import { answerFailures } from './failures.ts';
import { footageRoutes } from './footage-routes.ts';
import { guardRequests } from './guard.ts';
import { healthRoutes } from './health-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { timelineRoutes } from './timeline-routes.ts';

/** No request of this API has a body worth mentioning. */
const BODY_BYTES = 64 * 1024;
const REQUEST_MILLIS = 30_000;
const CONNECTIONS = 512;

/** The HTTP server, ready to listen. Everything it needs is handed in; it owns nothing but its sockets. */
export async function createApi(deps: ApiDeps): Promise<ApiApp> {
  const app: ApiApp = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    // The time a client may take to send its request. Answers have a time-out of their own: a paused player is slow.
    requestTimeout: REQUEST_MILLIS,
    // Streams of footage would hold up the end of the server for hours.
    forceCloseConnections: true,
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  guardRequests(app);
  answerFailures(app);
  await describeApi(app);
  healthRoutes(app, deps);
  cameraRoutes(app, deps);
  timelineRoutes(app, deps);
  footageRoutes(app, deps);
  await docsRoutes(app);
  await pageRoutes(app, deps);
  await app.ready();
  return app;
}
