import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { VigieError } from '../errors/catalog.ts';

/** Every failed answer has the one form; what was not foreseen is told to the log only. */
export function answerFailures(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | VigieError, request, reply) => {
    const known = asAnswer(error);
    if (known) {
      if (known.status >= 500) request.log.warn({ code: known.code, url: request.url }, known.message);
      if (known.code === 'VIGIE_BUSY') reply.header('retry-after', '1');
      return reply.code(known.status).send(known.toJSON());
    }
    const reference = randomUUID();
    request.log.error({ err: error, reference, url: request.url }, 'a request failed unexpectedly');
    const hidden = new VigieError('VIGIE_INTERNAL', { reference });
    return reply.code(hidden.status).send(hidden.toJSON());
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const error = new VigieError('VIGIE_NOT_FOUND', { method: request.method, path: path.slice(0, 1_000) });
    return reply.code(error.status).send(error.toJSON());
  });
}

/** The error as one of the catalogue, if the request itself is to blame or it already is one. */
function asAnswer(error: FastifyError | VigieError): VigieError | undefined {
  if (error instanceof VigieError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [issue] = error.validation;
    const name = issue?.instancePath.replaceAll('/', '.').slice(1) ?? '';
    const kind = error.validationContext === 'params' ? 'path' : (error.validationContext ?? 'request');
    return new VigieError('VIGIE_REQUEST_INVALID', {
      where: name === '' ? `the ${kind}` : `${kind} parameter "${name}"`,
      problem: issue?.message ?? 'it does not fit the schema',
    });
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    return new VigieError('VIGIE_REQUEST_INVALID', { where: 'the request', problem: error.message });
  }
  return undefined;
}
