import type { ErrorJson, LogLevelJson } from '../api/schemas.ts';
import { DEFAULT_PORT, LOG_LEVELS } from '../config/config.ts';
import { parseDuration } from '../config/units.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readConfig } from './serve.ts';

const ANSWER_MILLIS = 10_000;

export interface LogLevelOptions {
  /** `undefined`: only say what it is. */
  readonly level: string | undefined;
  readonly part: string | undefined;
  readonly for: string | undefined;
  readonly config: string | undefined;
  readonly server: string | undefined;
  readonly json: boolean;
}

/** Asks a running server how much it logs, or to log more or less for a while. */
export async function logLevel(options: LogLevelOptions): Promise<ExitCode> {
  const micros = options.for === undefined ? undefined : parseDuration(options.for);
  if (options.for !== undefined && (micros === undefined || micros < 1e6)) {
    return wrong(`--for ${options.for} is no duration of a second or more, as in 10m.`);
  }
  if (options.level === undefined && (options.part ?? options.for) !== undefined) {
    return wrong(`A level is needed: ${LOG_LEVELS.join(', ')}.`);
  }
  const server = await addressOf(options);
  if (server === undefined) return EXIT.usedWrongly;
  const { level, part } = options;
  const seconds = micros === undefined ? undefined : Math.round(micros / 1e6);
  let answer: Response;
  try {
    answer = await fetch(new URL('/api/log-level', server), {
      signal: AbortSignal.timeout(ANSWER_MILLIS),
      ...(level === undefined
        ? {}
        : {
            method: 'PUT',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ level, part, seconds }),
          }),
    });
    return await tell(answer, options.json);
  } catch {
    process.stderr.write(
      `Nothing answers at ${server.origin}: is the server running? See --config and --server.\n`,
    );
    return EXIT.failed;
  }
}

async function addressOf({ config, server }: LogLevelOptions): Promise<URL | undefined> {
  if (server !== undefined) {
    if (/^https?:\/\//i.test(server) && URL.canParse(server)) return new URL(server);
    wrong(`--server ${server} is no address, as in http://127.0.0.1:8080.`);
    return undefined;
  }
  if (config === undefined) return new URL(`http://127.0.0.1:${DEFAULT_PORT}`);
  const read = await readConfig(config);
  if (!read) return undefined;
  const { host, port } = read.server;
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

async function tell(answer: Response, json: boolean): Promise<ExitCode> {
  const body = (await answer.json()) as LogLevelJson | ErrorJson;
  if ('error' in body) {
    process.stderr.write(`${body.error.message}\n`);
    return answer.status === 400 ? EXIT.usedWrongly : EXIT.failed;
  }
  process.stdout.write(json ? `${JSON.stringify(body, undefined, 2)}\n` : textOf(body));
  return EXIT.done;
}

function textOf({ configured, level, until, parts }: LogLevelJson): string {
  const others = Object.entries(parts).filter(([, own]) => own !== level);
  const rest = others.map(([part, own]) => `, ${part} ${own}`).join('');
  return until === null
    ? `${level}, as configured\n`
    : `${level}${rest} until ${until}, then ${configured}\n`;
}

function wrong(words: string): ExitCode {
  process.stderr.write(`${words} See vigie log-level --help.\n`);
  return EXIT.usedWrongly;
}
