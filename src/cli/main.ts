import { parseArgs, type ParseArgsConfig } from 'node:util';
import { checkConfig } from './check-config.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { lifecycle } from './lifecycle.ts';
import { plan } from './plan.ts';
import { serve } from './serve.ts';
import { version } from './version.ts';

const HELP = `Vigie records cameras around the clock and plays any second back.

  vigie serve [--config FILE] [--data FOLDER] [--listen HOST:PORT]
                                                 record, and serve the page and the API (the default)
  vigie verify --config FILE [--deep]            compare catalog, disk and object store, and repair
  vigie plan --cameras N | --config FILE         say what disks, memory, cores and object store that needs
  vigie lifecycle --config FILE                  print a rule that makes the bucket expire objects, too
  vigie bench [options]                          measure how many cameras this machine carries
  vigie cameras test URL                         say what a camera is, and what it does wrong
  vigie motion replay FILE                       say what motion detection would have found in a film
  vigie doctor [--config FILE]                   say what is wrong with this machine, and what to do
  vigie log-level [LEVEL] [--for DURATION]       have a running server log more or less for a while
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

const VERIFY_HELP = `vigie verify --config FILE [--deep] [--dry-run] [--rate SIZE] [--json]

Compares the catalog with the disk and the object store, both ways, and repairs what can be repaired.
What is gone becomes a gap with that cause; what is only damaged is left for a person to look at.
Safe beside a running server.

  --deep       read every byte and compare its hash with the one that was taken while it was recorded
  --dry-run    say what would be done, and do nothing
  --rate SIZE  read at most so much a second with --deep (50MB)
  --json       the same for a program

Exit code 1: something is lost or left.
`;

const CAMERAS_HELP = `vigie cameras test URL [--seconds N] [--transcode] [--ffmpeg PATH] [--json]
vigie cameras test ID --config FILE [--seconds N] [--json]

Watches a camera as the server would, and says what it is, what it does wrong and what to configure.
URL is a source as in the configuration: rtsp://… or ffmpeg:… With ID, that of a camera which is there.

  --seconds N      watch for so long, 1 to 20 (10)
  --transcode      encode anew what browsers cannot play, as ffmpeg.transcode: h264 does (ffmpeg:… only)
  --ffmpeg PATH    instead of the configured or bundled one
  --json           the same for a program

The letter and number of a finding are those of the list of camera defects. Exit code 1: it does not work.
A password on a command line can be read by others on this machine: prefer ID.
`;

const MOTION_HELP = `vigie motion replay FILE [--camera ID --config FILE] [--every DURATION] [--out FILE.mp4|FOLDER] [--json]

Looks at a film as at a camera, and says which events that makes. FILE is anything that ffmpeg opens, as a
clip from the page or a segment of a recording. Nothing is learnt from it, and nothing is kept.

  --camera ID       with the zones of this camera; everywhere in the picture if it is left out
  --config FILE     where that camera is
  --every DURATION  look at a picture each 40ms to 10s (1s): an empty scene is learnt from the first ones
  --out FILE.mp4    draw what was found: zones that count in green, that do not in blue; what moves in yellow,
                    in red while an event goes on; below it how much moved, and what is the least that counts.
                    It has at least five pictures a second, so it is played faster than it was
  --out FOLDER      a picture of each event, from when most was seen of it
  --json            the same for a program

Events hold three seconds before and after what was seen. Exit code 1: FILE cannot be looked at, or nothing
can be written there.
`;

const PLAN_HELP = `vigie plan --cameras N [--bitrate RATE] [--days N] [--s3] [--local DURATION] [--json]
vigie plan --config FILE [--bitrate RATE] [--moving SHARE] [--json]

Says what a number of cameras needs: bytes a day and in all, objects and uploads, disks, and, from the
last "npm run bench" on this machine, memory and cores. With "prices" in the configuration also what the
object store costs.

  --cameras N       instead of those of the configuration
  --bitrate RATE    of each camera (4M)
  --days N          how long footage is kept, whatever is in it (retention, or 30)
  --moving SHARE    of the time, how much something moves, as in 30%: where that is kept longer (100%);
                    what is kept because something was done to a camera is not counted
  --s3              footage goes to an object store
  --local DURATION  how long it also stays on the machine then (retention.local, or 24h)
  --json            the same for a program
`;

const LIFECYCLE_HELP = `vigie lifecycle --config FILE

Prints a lifecycle rule for the bucket, as JSON for "aws s3api put-bucket-lifecycle-configuration".
Vigie destroys footage itself and never relies on it: it is a second net, a day after the longest that
anything may be kept. It does not know of holds: do not use it where footage is held for longer than that.
`;

const DOCTOR_HELP = `vigie doctor [--config FILE] [--cameras N] [--bitrate RATE] [--deep] [--json]

Looks at everything that a recorder needs of a machine, and says what is wrong with it and what to do:
configuration, Node, memory and cores, clock, open files, ports, folders, file system, room, speed of the disk
(two seconds of writing), catalog, object store (4 kB are stored and deleted), ffmpeg, names of cameras.
Nothing stays of it; safe beside a running server. Run it as the user of the server.

  --config FILE    what is to run; the defaults and FOLDER if it is left out
  --data FOLDER    where everything goes when there is no configuration (./data)
  --cameras N      as many cameras, instead of those of the configuration
  --bitrate RATE   of each camera (4M)
  --deep           read all of the catalog, even if it is large
  --json           the same for a program

Exit code 1: something is to be put right.
`;

const LOG_LEVEL_HELP = `vigie log-level [LEVEL] [--part PART] [--for DURATION] [--config FILE | --server URL] [--json]

Asks a running server how much it logs, or has it log more or less for a while; then all is as configured.
LEVEL is fatal, error, warn, info, debug (each answer, each change of a camera, each upload), or trace
(each camera every second).

  --part PART      of recording, storage, push, motion, events or api
  --for DURATION   for so long, up to 7d (15m)
  --config FILE    the configuration of that server, for its address
  --server URL     its address (http://127.0.0.1:8080)
  --json           the same for a program
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
  // Whoever reads (`| head`) may have seen enough; what the command does is none of their business.
  process.stdout.on('error', () => undefined);
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
    case 'verify': {
      const options: Options = {
        ...{ config: { type: 'string' }, rate: { type: 'string' }, json: { type: 'boolean' } },
        ...{ deep: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
      };
      const parsed = parse('verify', rest, options, 0);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(VERIFY_HELP);
      const { config, rate, deep, json } = parsed.values;
      const { verifyRecordings } = await import('./verify.ts');
      return verifyRecordings({
        ...{ config: text(config), rate: text(rate), deep: deep === true, json: json === true },
        dryRun: parsed.values['dry-run'] === true,
      });
    }
    case 'lifecycle': {
      const parsed = parse('lifecycle', rest, { config: { type: 'string' } }, 0);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(LIFECYCLE_HELP);
      return lifecycle(text(parsed.values['config']));
    }
    case 'plan': {
      const words = ['config', 'cameras', 'bitrate', 'days', 'moving', 'local'] as const;
      const options: Options = {
        ...Object.fromEntries(words.map((word) => [word, { type: 'string' as const }])),
        ...{ s3: { type: 'boolean' }, json: { type: 'boolean' } },
      };
      const parsed = parse('plan', rest, options, 0);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(PLAN_HELP);
      const { config, cameras, bitrate, days, moving, local, s3, json } = parsed.values;
      return plan({
        ...{ config: text(config), cameras: text(cameras), bitrate: text(bitrate), days: text(days) },
        ...{ moving: text(moving), local: text(local), s3: s3 === true, json: json === true },
      });
    }
    case 'bench': {
      const { bench } = await import('../../bench/capacity.ts');
      return bench(rest);
    }
    case 'cameras': {
      const options: Options = {
        ...{ config: { type: 'string' }, seconds: { type: 'string' }, ffmpeg: { type: 'string' } },
        ...{ transcode: { type: 'boolean' }, json: { type: 'boolean' } },
      };
      const parsed = parse('cameras', rest, options, 2);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(CAMERAS_HELP);
      const [action, camera] = parsed.positionals;
      if (action !== 'test') {
        process.stderr.write(`There is no command "cameras ${action ?? ''}". See vigie cameras --help.\n`);
        return EXIT.usedWrongly;
      }
      const { config, seconds, ffmpeg, transcode, json } = parsed.values;
      const { testOneCamera } = await import('./test-camera.ts');
      return testOneCamera({
        ...{ camera, config: text(config), seconds: text(seconds), ffmpeg: text(ffmpeg) },
        ...{ transcode: transcode === true, json: json === true },
      });
    }
    case 'motion': {
      const words = ['camera', 'config', 'every', 'out'] as const;
      const options: Options = {
        ...Object.fromEntries(words.map((word) => [word, { type: 'string' as const }])),
        json: { type: 'boolean' },
      };
      const parsed = parse('motion', rest, options, 2);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(MOTION_HELP);
      const [action, file] = parsed.positionals;
      if (action !== 'replay') {
        process.stderr.write(`There is no command "motion ${action ?? ''}". See vigie motion --help.\n`);
        return EXIT.usedWrongly;
      }
      const { camera, config, every, out, json } = parsed.values;
      const { replayMotion } = await import('./motion-replay.ts');
      return replayMotion({
        ...{ file, camera: text(camera), config: text(config), every: text(every), out: text(out) },
        json: json === true,
      });
    }
    case 'doctor': {
      const words = ['config', 'data', 'cameras', 'bitrate'] as const;
      const options: Options = {
        ...Object.fromEntries(words.map((word) => [word, { type: 'string' as const }])),
        ...{ deep: { type: 'boolean' }, json: { type: 'boolean' } },
      };
      const parsed = parse('doctor', rest, options, 0);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(DOCTOR_HELP);
      const { config, data, cameras, bitrate, deep, json } = parsed.values;
      const { doctor } = await import('./doctor.ts');
      return doctor({
        ...{ config: text(config), data: text(data), cameras: text(cameras), bitrate: text(bitrate) },
        ...{ deep: deep === true, json: json === true },
      });
    }
    case 'log-level': {
      const words = ['part', 'for', 'config', 'server'] as const;
      const options: Options = {
        ...Object.fromEntries(words.map((word) => [word, { type: 'string' as const }])),
        json: { type: 'boolean' },
      };
      const parsed = parse('log-level', rest, options, 1);
      if (!parsed) return EXIT.usedWrongly;
      if (parsed.values['help']) return say(LOG_LEVEL_HELP);
      const { part, for: long, config, server, json } = parsed.values;
      const { logLevel } = await import('./log-level.ts');
      return logLevel({
        ...{ level: parsed.positionals[0], part: text(part), for: text(long) },
        ...{ config: text(config), server: text(server), json: json === true },
      });
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
