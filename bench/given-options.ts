import { parseArgs } from 'node:util';
import { parseDuration } from '../src/config/units.ts';

/** The sentence says what is wrong with the options. */
export class WrongOption extends Error {}

/** Options of a command line by their names, and readers that say what is wrong with one. */
export class GivenOptions<Word extends string, Flag extends string> {
  readonly #given: ReadonlyMap<string, string>;

  private constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
  }

  /**
   * @returns `undefined` when help is asked for
   * @throws {WrongOption} for what is neither of these words nor flags
   */
  static parse<Word extends string, Flag extends string>(
    args: readonly string[],
    words: readonly Word[],
    flags: readonly Flag[],
  ): GivenOptions<Word, Flag> | undefined {
    const { values, positionals } = parsed(args, words, flags);
    if (values['help'] !== undefined) return undefined;
    if (positionals[0] !== undefined) throw new WrongOption(`"${positionals[0]}" is too much.`);
    return new GivenOptions(new Map(Object.entries(values).map(([name, value]) => [name, String(value)])));
  }

  has(name: Word | Flag): boolean {
    return this.#given.has(name);
  }

  text(name: Word): string | undefined {
    return this.#given.get(name);
  }

  word(name: Word, otherwise: string): string {
    return this.#given.get(name) ?? otherwise;
  }

  number(name: Word, otherwise: number, least: number, most: number): number {
    const value = Number(this.#given.get(name) ?? otherwise);
    if (!(value >= least && value <= most)) throw this.wrong(name, `a number from ${least} to ${most}`);
    return value;
  }

  /** In seconds. */
  duration(name: Word, otherwise: string): number {
    const micros = parseDuration(this.word(name, otherwise));
    if (!micros) throw this.wrong(name, 'a duration, as in 100ms, 2s, 20m');
    return micros / 1e6;
  }

  oneOf<T extends string>(name: Word, of: readonly T[], otherwise: T): T {
    const value = of.find((one) => one === this.word(name, otherwise));
    if (value === undefined) throw this.wrong(name, of.join(', '));
    return value;
  }

  wrong(name: Word, allowed: string): WrongOption {
    return new WrongOption(`--${name} ${this.#given.get(name)} is not understood. Allowed: ${allowed}.`);
  }
}

function parsed(
  args: readonly string[],
  words: readonly string[],
  flags: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(words.map((word) => [word, { type: 'string' as const }])),
        ...Object.fromEntries(flags.map((flag) => [flag, { type: 'boolean' as const }])),
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new WrongOption(`${(error as Error).message.split('. ')[0]}.`);
  }
}
