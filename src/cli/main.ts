import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { checkConfig } from './check-config.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { serve } from './serve.ts';

const HELP = `Vigie records cameras around the clock and plays any second back.

  vigie serve [--config FILE] [--data FOLDER] [--listen HOST:PORT]
                                                 record, and serve the page and the API (the default)
  vigie check-config FILE [--json]               say whether a configuration is right
  vigie --version

vigie COMMAND --help says more. Exit codes: 0 done, 1 failed, 2 used wrongly.
`;

const SERVE_HELP = `vigie serve [--config FILE] [--data FOLDER] [--listen HOST:PORT]

Records the cameras of a configuration until it is stopped (SIGINT or SIGTERM: files are finished first).
Without one, four built-in demo cameras are recorded into FOLDER (./data) and shown at http://127.0.0.1:8080.

  --config FILE    a YAML configuration; config/example.yaml explains each key
  --data FOLDER    where everything goes when there is no configuration
  --listen ADDR    address of the page and the API, as in 127.0.0.1:9000, instead of the configured one

The log is JSON lines on standard error.
`;

const CHECK_HELP = `vigie check-config FILE [--json]
vigie check-config --schema

Says whether a configuration is right, or everything that is wrong with it: line, key, found, allowed.

  --json      the same for a program
  --schema    print the JSON Schema of the file, for editors
`;

type Options = NonNullable<ParseArgsConfig['options']>;

/** Runs one command line; resolves to the exit code. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const [first = 'serve'] = args;
  if (first === '--help' || first === '-h' || first === 'help') return say(HELP);
  if (first === '--version' || first === '-v') return say(`${version()}\n`);
  const command = first.startsWith('-') ? 'serve' : first;
  const rest = first.startsWith('-') ? args : args.slice(1);
  switch (command) {
    case 'serve': {
      const options: Options = {
        config: { type: 'string' },
        data: { type: 'string' },
        listen: { type: 'string' },
      };
      const parsed = parse('serve', rest, options, 0);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(SERVE_HELP);
      const { config, data, listen } = parsed.values;
      return serve({ config: text(config), data: text(data), listen: text(listen) });
    }
    case 'check-config': {
      const parsed = parse(
        'check-config',
        rest,
        { json: { type: 'boolean' }, schema: { type: 'boolean' } },
        1,
      );
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(CHECK_HELP);
      return checkConfig({
        file: parsed.positionals[0],
        json: parsed.values['json'] === true,
        schema: parsed.values['schema'] === true,
      });
    }
    default:
      process.stderr.write(`There is no command "${command}". See vigie --help.\n`);
      return EXIT.usedWrongly;
  }
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/** `undefined` when the arguments are wrong: then that has been said. */
function parse(
  command: string,
  args: readonly string[],
  options: Options,
  positionals: number,
): Parsed | undefined {
  try {
    const parsed = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (parsed.positionals.length <= positionals) return parsed;
    process.stderr.write(`"${parsed.positionals[positionals]}" is too much. See vigie ${command} --help.\n`);
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    process.stderr.write(`${sentence}. See vigie ${command} --help.\n`);
  }
  return undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function say(words: string): ExitCode {
  process.stdout.write(words);
  return EXIT.done;
}

function version(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
