import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, defaultConfig } from '../config/config.ts';
import { loadConfig, problemLines } from '../config/load.ts';
import { parseLoopbackListen } from '../config/schema.ts';
import { createLogger } from '../telemetry/log.ts';
import { startDemo } from './demo.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { version } from './version.ts';

const WEB_ROOT = fileURLToPath(new URL('../../dist/web', import.meta.url));
export const DEFAULT_DATA = 'data';
/** For finishing all files; then the process ends, and the next start settles the rest. */
const STOP_MILLIS = 20_000;

/** Reads a configuration file; what is wrong with it goes to standard error. */
export async function readConfig(file: string): Promise<Config | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    process.stderr.write(`The configuration ${file} cannot be read: ${(error as Error).message}\n`);
    return undefined;
  }
  const result = loadConfig({ text, file, env: process.env });
  if (result.ok) return result.config;
  process.stderr.write(problemLines(result));
  return undefined;
}

/** Records until it is told to stop. */
export async function serve(options: {
  readonly config: string | undefined;
  readonly data: string | undefined;
  /** Instead of the configured address. */
  readonly listen: string | undefined;
}): Promise<ExitCode> {
  const listen = options.listen === undefined ? undefined : parseLoopbackListen(options.listen);
  if (typeof listen === 'string') {
    process.stderr.write(`--listen ${options.listen}. Allowed: ${listen}\n`);
    return EXIT.usedWrongly;
  }
  const dataFolder = resolve(options.data ?? DEFAULT_DATA);
  const base = options.config === undefined ? defaultConfig(dataFolder) : await readConfig(options.config);
  if (!base) return EXIT.usedWrongly;
  const log = createLogger({ level: base.logLevel });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a defect: the process ends, and should be started again');
    process.exit(EXIT.failed);
  });

  const { startServer, StartError } = await import('../main.ts');
  const demo = options.config === undefined ? await startDemo(dataFolder, log) : undefined;
  const config = {
    ...base,
    server: listen ?? base.server,
    cameras: demo?.cameras ?? base.cameras,
  };
  const stopAsked = untilStopped();
  try {
    const webRoot = existsSync(WEB_ROOT) ? WEB_ROOT : undefined;
    const server = await startServer({ config, log, webRoot, version: version() });
    process.stdout.write(`Vigie is at ${server.url}\n`);
    if (server.pushUrl !== undefined) process.stdout.write(`Encoders push to ${server.pushUrl}\n`);
    if (demo) process.stdout.write('It records four demo cameras. Your own: npm start -- --config FILE\n');
    process.stdout.write('Nobody has to sign in, as only this machine can reach it.\n');
    await stopAsked;
    setTimeout(() => process.exit(EXIT.failed), STOP_MILLIS).unref();
    await server.stop();
    return EXIT.done;
  } catch (error) {
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
    else log.fatal({ err: error }, 'Vigie could not start');
    return EXIT.failed;
  } finally {
    await demo?.stop();
  }
}

/** The first signal asks for an orderly end, the second one ends at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolveStop) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(EXIT.failed);
      asked = true;
      resolveStop();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
