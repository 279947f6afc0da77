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
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactValue(fields) as Record<string, unknown>,
      },
      serializers: {
        // What is given as `err` has been taken apart by then.
        err: (error: unknown) => redactValue(error),
        req: (request: LoggedRequest) => ({ method: request.method, url: redactSecrets(request.url ?? '') }),
        res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
      },
      hooks: {
        logMethod(parameters, method) {
          const [first, ...rest] = parameters as [unknown, ...unknown[]];
          // Left to itself, pino makes the error's message the line's.
          const error = first instanceof Error ? first : (first as { err?: unknown } | null)?.err;
          if (error instanceof Error && rest.length === 0) rest.push(error.message);
          const safe = [first instanceof Error ? { err: first } : first, ...rest].map((part) =>
            typeof part === 'string' ? redactSecrets(part) : part,
          );
          method.apply(this, safe as Parameters<typeof method>);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
  // pino formats the bindings of the first logger only; its children inherit this.
  const original = Object.getPrototypeOf(logger) as {
    readonly child: (this: Logger, bindings: object, settings?: object) => Logger;
  };
  Object.assign(logger, {
    child(this: Logger, bindings: object, settings?: object): Logger {
      return original.child.call(this, redactValue(bindings) as object, settings);
    },
  });
  return logger;
}
