import pino, { type DestinationStream, type Logger } from 'pino';
import { redactSecrets, redactValue } from './redact.ts';

export type { Logger } from 'pino';

/** The few things of an HTTP request that a log line needs. */
interface LoggedRequest {
  readonly method?: string;
  readonly url?: string;
}

/**
 * The one logger: JSON lines on standard error. Every string that passes through is redacted, in messages, fields,
 * nested objects, errors and their causes, so that no caller has to think of it.
 */
export function createLogger(options: {
  readonly level: string;
  readonly destination?: DestinationStream;
}): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactValue(fields) as Record<string, unknown>,
        bindings: (fields) => redactValue(fields) as Record<string, unknown>,
      },
      serializers: {
        // What is given as `err` has been taken apart by then.
        err: (error: unknown) => redactValue(error),
        req: (request: LoggedRequest) => ({ method: request.method, url: redactSecrets(request.url ?? '') }),
        res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
      },
      hooks: {
        logMethod(parameters, method) {
          const [first, ...rest] = parameters;
          const safe = typeof first === 'string' ? redactSecrets(first) : first;
          method.apply(this, [
            safe,
            ...rest.map((part: unknown) => (typeof part === 'string' ? redactSecrets(part) : part)),
          ] as Parameters<typeof method>);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
