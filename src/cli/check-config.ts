import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { loadConfig, problemLines } from '../config/load.ts';
import { configSchema } from '../config/schema.ts';
import { EXIT, type ExitCode } from './exit.ts';

/** Says whether a configuration is right, or everything that is wrong with it. */
export async function checkConfig(options: {
  readonly file: string | undefined;
  readonly json: boolean;
  readonly schema: boolean;
}): Promise<ExitCode> {
  if (options.schema) {
    process.stdout.write(`${JSON.stringify(z.toJSONSchema(configSchema), undefined, 2)}\n`);
    return EXIT.done;
  }
  const { file } = options;
  if (file === undefined) {
    process.stderr.write('check-config takes the file to check. See vigie check-config --help.\n');
    return EXIT.usedWrongly;
  }
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    process.stderr.write(`${file} cannot be read: ${(error as Error).message}\n`);
    return EXIT.failed;
  }
  const result = loadConfig({ text, file, env: process.env });
  if (options.json) {
    const { problems, more } = result.ok ? { problems: [], more: 0 } : result;
    process.stdout.write(`${JSON.stringify({ ok: result.ok, problems, more }, undefined, 2)}\n`);
  } else if (result.ok) {
    const { cameras } = result.config;
    process.stdout.write(
      `${file} is right: ${cameras.length} ${cameras.length === 1 ? 'camera' : 'cameras'}.\n`,
    );
  } else {
    process.stderr.write(problemLines(result));
  }
  return result.ok ? EXIT.done : EXIT.usedWrongly;
}
