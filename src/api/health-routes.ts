import { z } from 'zod';
import type { ApiApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { readinessSchema } from './schemas.ts';

export function healthRoutes(app: ApiApp, deps: ApiDeps): void {
  app.get(
    '/healthz',
    { schema: { summary: 'The process answers', response: { 200: z.object({ status: z.literal('ok') }) } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        summary: 'It does its work, or why not',
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    async (_request, reply) => {
      const { ready, reasons } = deps.readiness.ready();
      return reply.code(ready ? 200 : 503).send({ ready, reasons: [...reasons] });
    },
  );

  app.get('/metrics', { schema: { summary: 'Prometheus text' } }, async (_request, reply) => {
    const { contentType, body } = await deps.metrics();
    return reply.type(contentType).send(body);
  });
}
