import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Something that reads bytes from outside. To have another parser fuzzed, put one file into `test/fuzz/targets/` that
 * exports `target`, and at least one valid input into `test/fuzz/corpus/<name>/`: tests, CI and `npm run fuzz` find both.
 */
export interface FuzzTarget {
  /** The folder of its corpus, and its name on the command line. */
  readonly name: string;
  /** Words that inputs are made of, for the mutator to put in. */
  readonly tokens?: readonly (string | Buffer)[];
  /** Inputs are cut there; 16 KiB if it is left out. */
  readonly maxBytes?: number;
  /** How many times longer than other targets one input takes, about: it gets so many fewer of them. */
  readonly cost?: number;
  /** Takes any bytes. Throws when what is documented of the parser does not hold: that is a finding. */
  readonly run: (bytes: Buffer) => void | Promise<void>;
}

/** A target with what it starts from. */
export interface LoadedTarget extends FuzzTarget {
  readonly corpus: readonly CorpusEntry[];
  /** URL of its file, for threads. */
  readonly file: string;
}

export interface CorpusEntry {
  readonly file: string;
  readonly bytes: Buffer;
}

export const CORPUS_FOLDER = fileURLToPath(new URL('corpus/', import.meta.url));
const TARGETS_FOLDER = new URL('targets/', import.meta.url);

/** Every target, in the order of their files. */
export async function loadTargets(): Promise<LoadedTarget[]> {
  const loaded: LoadedTarget[] = [];
  for (const file of readdirSync(TARGETS_FOLDER).toSorted()) {
    const url = new URL(file, TARGETS_FOLDER).href;
    const { target }: { readonly target: FuzzTarget } = await import(url);
    loaded.push({ ...target, corpus: readCorpus(target.name), file: url });
  }
  return loaded;
}

/** The inputs of a target that are kept: valid ones, and those that once broke it (`found-…`). */
export function readCorpus(name: string): CorpusEntry[] {
  const folder = `${CORPUS_FOLDER}${name}/`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((file) => ({ file, bytes: readFileSync(folder + file) }));
}

/** For what a target checks. */
export function hold(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(rule);
}
