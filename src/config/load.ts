import { isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { redactSecrets } from '../telemetry/redact.ts';
import { buildConfig } from './build.ts';
import type { Config } from './config.ts';
import { contradictions } from './retention.ts';
import { configSchema, NOT_YET } from './schema.ts';

/** What is wrong at one place of the file. Holds no secret. */
export interface ConfigProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `cameras[2].source`; empty for the file as a whole. */
  readonly key: string;
  readonly found: string;
  readonly allowed: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      /** In the order of the file. */
      readonly problems: readonly ConfigProblem[];
      /** How many there are besides. */
      readonly more: number;
    };

/** Who has that many has one mistake a hundred times. */
const MAX_PROBLEMS = 50;
const MAX_FOUND_LENGTH = 80;
/** What is wrong in these is not shown: the address of a webhook may be all that keeps others from it. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['key', 'secret', 'secretAccessKey', 'url']);
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

type Path = readonly (string | number)[];

/**
 * Reads a configuration file; tells everything that is wrong with it at once, or the first fifty things. Variables are put in after the YAML is
 * read, so a password may hold any character. Relative paths are taken from the folder that the program runs in.
 */
export function loadConfig(input: {
  readonly text: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ConfigResult {
  const { text, file, env } = input;
  const lines = new LineCounter();
  const problems: ConfigProblem[] = [];
  const unreadable = (error: Error): ConfigResult => {
    const found =
      error instanceof RangeError ? 'groups and lists within each other without end' : error.message;
    return refused([{ file, line: 1, column: 1, key: '', found, allowed: 'YAML' }]);
  };
  const document = attempt(() =>
    parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false }),
  );
  if (document instanceof Error) return unreadable(document);
  const report = (offset: number, path: Path, found: string, allowed: string): void => {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line, column: col, key: keyText(path), found, allowed });
  };

  for (const error of document.errors) report(error.pos[0], [], error.message.split('\n')[0] ?? '', 'YAML');
  if (problems.length > 0) return refused(problems);

  /** Values that came from the environment are secrets: they are never shown. */
  const expanded = new Set<unknown>();
  const anchors = new Set<string>();
  let hasOddKey = false;
  const visited = attempt(() =>
    visit(document, {
      Alias(_key, node) {
        if (!anchors.has(node.source)) {
          report(node.range?.[0] ?? 0, [], `*${node.source}`, 'an alias whose anchor stands before it');
        }
      },
      Collection(_key, node) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
      },
      Pair(_key, pair) {
        const binary = isScalar(pair.key) && Buffer.isBuffer(pair.key.value);
        if (isScalar(pair.key) && !binary) return;
        // Written as text at every level above it, one within the other takes time without end.
        const at = (pair.key as { range?: [number, number, number] } | null)?.range?.[0] ?? 0;
        report(at, [], `${binary ? 'binary data' : 'a group, list or alias'} as a key`, 'a word as a key');
        hasOddKey = true;
      },
      Scalar(key, node, ancestors) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
        // A name of a key is shown when it is wrong, so no secret gets into one.
        if (key === 'key' || typeof node.value !== 'string' || !VARIABLE.test(node.value)) return;
        VARIABLE.lastIndex = 0;
        const offset = node.range?.[0] ?? 0;
        node.value = node.value.replaceAll(VARIABLE, (written, name: string) => {
          const value = Object.hasOwn(env, name) ? env[name] : undefined;
          if (value === undefined)
            report(
              offset,
              pathOf(ancestors, node),
              written,
              `a variable of the environment: ${name} is not set`,
            );
          return value ?? written;
        });
        expanded.add(node);
      },
    }),
  );
  if (visited instanceof Error) return unreadable(visited);
  if (hasOddKey) return refused(problems);

  const read = attempt((): unknown => document.toJS());
  if (read instanceof Error) return problems.length > 0 ? refused(problems) : unreadable(read);
  const value = read ?? {};
  const parsed = configSchema.safeParse(value);
  const offsetOf = (path: Path): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as
        | { range?: [number, number, number] }
        | undefined;
      if (node?.range) return node.range[0];
    }
    return 0;
  };
  const foundAt = (path: Path): string => {
    const node = document.getIn(path, true);
    if (SECRET_KEYS.has(String(path.at(-1))) && node !== undefined) return 'something else';
    if (isScalar(node) && expanded.has(node)) return 'a value from the environment';
    return show(document.getIn(path));
  };
  let untold = 0;
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') untold += Math.max(0, issue.keys.length - MAX_PROBLEMS);
    for (const { path, found, allowed } of explain(issue, foundAt)) {
      report(path.length === 0 ? 0 : (keyOffset(document, path) ?? offsetOf(path)), path, found, allowed);
    }
  }
  for (const path of duplicates(value)) {
    report(offsetOf(path), path, foundAt(path), 'an id that no other camera has');
  }
  for (const { path, found, allowed } of parsed.success ? contradictions(parsed.data) : []) {
    report(offsetOf(path), path, found, allowed);
  }
  if (!parsed.success || problems.length > 0) {
    return refused(problems, untold);
  }
  return { ok: true, config: buildConfig(parsed.data) };
}

function refused(problems: readonly ConfigProblem[], untold = 0): ConfigResult {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const told = sorted.slice(0, MAX_PROBLEMS);
  return { ok: false, problems: told, more: sorted.length - told.length + untold };
}

/** The library throws where it gives up: at nesting without end, at aliases that would make gigabytes. */
function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Everything that is wrong, for a person. */
export function problemLines(result: Extract<ConfigResult, { readonly ok: false }>): string {
  const lines = result.problems.map((problem) => `${problemText(problem)}\n`);
  if (result.more > 0) lines.push(`… and ${result.more} more.\n`);
  return lines.join('');
}

/** One line for a person: where, what, and what would be right. */
export function problemText({ file, line, column, key, found, allowed }: ConfigProblem): string {
  const what = key === '' ? found : `${key}: ${found}`;
  return `${file}:${line}:${column}: ${what}. Allowed: ${allowed}.`;
}

interface Explained {
  readonly path: Path;
  readonly found: string;
  readonly allowed: string;
}

function explain(issue: z.core.$ZodIssue, foundAt: (path: Path) => string): Explained[] {
  const path = issue.path as Path;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_PROBLEMS).map((key) => {
        const at = [...path, key];
        const name = at.map((part) => (typeof part === 'number' ? '*' : part)).join('.');
        const later = Object.hasOwn(NOT_YET, name) ? NOT_YET[name] : undefined;
        const allowed = keysAllowed(path);
        return {
          path: at,
          found: later ? `${later} is not supported by this version` : 'there is no such key',
          allowed: allowed.join(', '),
        };
      });
    case 'invalid_type':
      return [{ path, found: foundAt(path), allowed: ruleOf(issue) ?? typeText(issue.expected) }];
    case 'invalid_value':
      return [{ path, found: foundAt(path), allowed: issue.values.join(', ') }];
    default:
      return [{ path, found: foundAt(path), allowed: issue.message }];
  }
}

/** What the schema says of a key in its own words. */
const ruleOf = ({ message }: z.core.$ZodIssue): string | undefined =>
  message.startsWith('Invalid input') ? undefined : message;

/** The keys that the schema has at a path. */
function keysAllowed(path: Path): string[] {
  let schema: unknown = configSchema;
  for (const part of path) {
    const inner = unwrap(schema) as { shape?: Record<string, unknown>; element?: unknown };
    schema = typeof part === 'number' ? inner.element : inner.shape?.[part];
  }
  return Object.keys((unwrap(schema) as { shape?: Record<string, unknown> }).shape ?? {});
}

function unwrap(schema: unknown): unknown {
  const { unwrap: inner } = schema as { unwrap?: () => unknown };
  return typeof inner === 'function' && !('shape' in (schema as object)) && !('element' in (schema as object))
    ? unwrap(inner.call(schema))
    : schema;
}

function typeText(expected: string): string {
  if (expected === 'object') return 'a group of keys';
  if (expected === 'array') return 'a list';
  return expected === 'boolean' ? 'true or false' : `a ${expected}`;
}

/** The path of a node, from the nodes that hold it. */
function pathOf(ancestors: readonly unknown[], node: unknown): Path {
  return ancestors.flatMap((ancestor, index): (string | number)[] => {
    if (isPair(ancestor)) return isScalar(ancestor.key) ? [String(ancestor.key.value)] : [];
    return isSeq(ancestor) ? [ancestor.items.indexOf(ancestors[index + 1] ?? node)] : [];
  });
}

/** Where the key itself stands: for keys that should not be there. */
function keyOffset(document: ReturnType<typeof parseDocument>, path: Path): number | undefined {
  const parent = (path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)) as {
    items?: readonly { key?: { value?: unknown; range?: [number, number, number] } }[];
  } | null;
  const pair = parent?.items?.find((item) => item.key?.value === path.at(-1));
  return pair?.key?.range?.[0];
}

function duplicates(value: unknown): Path[] {
  const cameras = (value as { cameras?: unknown }).cameras;
  const seen = new Set<string>();
  const found: Path[] = [];
  for (const [index, camera] of (Array.isArray(cameras) ? cameras : []).entries()) {
    const id = (camera as { id?: unknown } | null)?.id;
    if (typeof id !== 'string') continue;
    if (seen.has(id)) found.push(['cameras', index, 'id']);
    seen.add(id);
  }
  return found;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const found = value !== null && typeof value === 'object' ? 'a group or list' : JSON.stringify(value);
  const text = redactSecrets(found);
  return text.length > MAX_FOUND_LENGTH ? `${text.slice(0, MAX_FOUND_LENGTH)}…` : text;
}

function keyText(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
