import fastify, { LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiApp } from './app.ts';
import { cameraRoutes } from './camera-routes.ts';
import { cameraTestRoutes } from './camera-test-routes.ts';
import type { ApiDeps } from './deps.ts';
import { describeApi, docsRoutes } from './docs-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { answerFailures } from './failures.ts';
import { footageRoutes } from './footage-routes.ts';
import { guardRequests } from './guard.ts';
import { healthRoutes } from './health-routes.ts';
import { keepingRoutes } from './keeping-routes.ts';
import { logLevelRoutes } from './log-level-routes.ts';
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
  // Of answers that are streamed past the framework, too.
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request;
    const [status, millis] = [reply.raw.statusCode, Math.round(reply.elapsedTime)];
    request.log.debug({ method, url, status, millis }, 'answered');
    done();
  });
  guardRequests(app);
  answerFailures(app);
  await describeApi(app);
  healthRoutes(app, deps);
  cameraRoutes(app, deps);
  cameraTestRoutes(app, deps);
  timelineRoutes(app, deps);
  footageRoutes(app, deps);
  keepingRoutes(app, deps);
  eventRoutes(app, deps);
  logLevelRoutes(app, deps);
  await docsRoutes(app);
  await pageRoutes(app, deps);
  await app.ready();
  return app;
}
