import { failure, type FfmpegFailure } from './failure.ts';
import { type FfmpegInput, placeOf } from './ffmpeg-input.ts';

const MAX_LINE_LENGTH = 2_000;
const MAX_SAID_LENGTH = 200;

type Cause = FfmpegFailure['cause'];

/** What ffmpeg's own words mean to a person; `{}` is where it was looked for. */
const MEANINGS: readonly (readonly [pattern: RegExp, cause: Cause, reason: string])[] = [
  [
    /\b401\b|Unauthorized|authorization failed|AuthorizationFailed/i,
    'credentials',
    '{} refuses the password',
  ],
  [/\b403\b|Forbidden/i, 'credentials', '{} refuses access'],
  [/\b404\b|404 Not Found|Stream not found|not found on the server/i, 'not-found', '{} has no such stream'],
  [/No such file or directory/i, 'not-found', 'there is no file {}'],
  [/Permission denied/i, 'not-found', '{} may not be read by this program'],
  [/Connection refused/i, 'offline', '{} refuses the connection'],
  [/timed out|ETIMEDOUT/i, 'offline', '{} does not answer'],
  [/Failed to resolve|Name or service not known|hostname/i, 'offline', 'the name of {} cannot be resolved'],
  [/No route to host|Network is unreachable/i, 'offline', 'there is no route to {}'],
  [/reset by peer|Broken pipe/i, 'offline', '{} broke the connection'],
  [/not on whitelist/i, 'protocol', '{} leads to something that ffmpeg was not allowed to open'],
  [/Protocol not found/i, 'protocol', 'this ffmpeg does not know the protocol of {}'],
  [/Unknown encoder/i, 'protocol', 'this ffmpeg cannot encode H.264: set ffmpeg.path to one that can'],
  [/Invalid data found|moov atom not found/i, 'protocol', '{} sends nothing that ffmpeg knows'],
  [
    /Option .* not found|Unrecognized option|Error parsing options/i,
    'protocol',
    'ffmpeg does not know an option of this camera (ffmpeg.input)',
  ],
];

/**
 * Listens to what ffmpeg says on standard error: what kind of input it found, and what it complained of last. Keeps a
 * line at most, whatever comes.
 */
export class FfmpegLog {
  /** Names of the format, as in `mov,mp4,m4a`; empty before it is known. */
  format = '';
  /** The input has an end: it is a recording, and not a camera. */
  finite = false;
  /** Everything about the input has been said. */
  described = false;

  readonly #input: FfmpegInput;
  readonly #secrets: readonly string[];
  #line = '';
  #complaints: { readonly cause: Cause; readonly reason: string } | undefined;
  #said = '';

  constructor(input: FfmpegInput) {
    this.#input = input;
    this.#secrets = secretsOf(input);
  }

  write(text: string): void {
    const lines = (this.#line + text).split(/[\r\n]/);
    this.#line = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    for (const line of lines) this.#read(line.slice(0, MAX_LINE_LENGTH));
  }

  /** Why it ended, from what it said; for `status` see `ChildProcess`. */
  failure(status: number | null, signal: string | null): FfmpegFailure {
    this.#read(this.#line);
    this.#line = '';
    const place = placeOf(this.#input.location);
    if (this.#complaints) {
      return failure(
        this.#complaints.cause,
        this.#complaints.reason.replace('{}', () => place),
      );
    }
    if (signal !== null) return failure('offline', `ffmpeg was ended by ${signal}`);
    if (this.#said !== '') return failure('offline', `ffmpeg says of ${place}: ${this.#said}`);
    if (status === 0) return failure('offline', `${place} came to its end`);
    return failure('offline', `ffmpeg ended with ${status} and said nothing`);
  }

  #read(line: string): void {
    const input = /\[info\] Input #0, (\S+), from /.exec(line);
    if (input) this.format = input[1] ?? '';
    if (/\[info\]\s+Duration: \d/.test(line)) this.finite = true;
    if (this.format !== '' && /\[info\]\s+Stream #0:/.test(line)) this.described = true;
    const complaint = /\[(?:error|fatal|panic)\] (.*)/.exec(line)?.[1];
    if (complaint === undefined) return;
    const meaning = MEANINGS.find(([pattern]) => pattern.test(this.#withoutLocation(complaint)));
    // The first that is understood tells most: what follows is that it could not go on.
    if (meaning) this.#complaints ??= { cause: meaning[1], reason: meaning[2] };
    this.#said = this.#redact(complaint);
  }

  /** The address itself may hold words that mean something here. */
  #withoutLocation(text: string): string {
    return text.replaceAll(this.#input.location, '');
  }

  #redact(text: string): string {
    let redacted = text.replaceAll(this.#input.location, () => placeOf(this.#input.location));
    for (const secret of this.#secrets) redacted = redacted.replaceAll(secret, '***');
    redacted = redacted.replaceAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi, placeOf);
    const sentence = redacted.replace(/^\[[^\]]*\]\s*/, '').replace(/[\s.:]+$/, '');
    return sentence.length > MAX_SAID_LENGTH ? `${sentence.slice(0, MAX_SAID_LENGTH)}…` : sentence;
  }
}

/** Passwords of the address and values of options that are no numbers: longest first, so that none is left in part. */
function secretsOf({ location, options }: FfmpegInput): string[] {
  const user = /^[a-z][a-z0-9+.-]*:\/\/(.*)@/i.exec(location)?.[1] ?? '';
  const password = user.slice(user.indexOf(':') + 1);
  const query = [...location.matchAll(/[?&][^=&]*=([^&#]{4,})/g)].map((match) => match[1] ?? '');
  const values = options.filter((option) => !option.startsWith('-') && option.length > 5);
  return [user, password, decoded(password), ...query, ...values]
    .filter((secret) => secret.length > 2)
    .toSorted((a, b) => b.length - a.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
