import { resolve } from 'node:path';
import { isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { redactSecrets } from '../telemetry/redact.ts';
import { type Config, DEFAULT_RECORD, defaultConfig } from './config.ts';
import { type ConfigFile, configSchema, NOT_YET, parseListen } from './schema.ts';
import { parseDuration, parseSize } from './units.ts';

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
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const MAX_FOUND_LENGTH = 80;
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

type Path = readonly (string | number)[];

/**
 * Reads a configuration file; tells everything that is wrong with it at once. Variables are put in after the YAML is
 * read, so a password may hold any character. Relative paths are taken from the folder that the program runs in.
 */
export function loadConfig(input: {
  readonly text: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ConfigResult {
  const { text, file, env } = input;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const problems: ConfigProblem[] = [];
  const report = (offset: number, path: Path, found: string, allowed: string): void => {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line, column: col, key: keyText(path), found, allowed });
  };

  for (const error of document.errors) report(error.pos[0], [], error.message.split('\n')[0] ?? '', 'YAML');
  if (problems.length > 0) return { ok: false, problems };

  /** Values that came from the environment are secrets: they are never shown. */
  const expanded = new Set<unknown>();
  visit(document, {
    Scalar(_key, node, ancestors) {
      if (typeof node.value !== 'string' || !VARIABLE.test(node.value)) return;
      VARIABLE.lastIndex = 0;
      const offset = node.range?.[0] ?? 0;
      node.value = node.value.replaceAll(VARIABLE, (written, name: string) => {
        const value = env[name];
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
  });

  const value: unknown = document.toJS() ?? {};
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
    if (isScalar(node) && expanded.has(node)) return 'a value from the environment';
    return show(document.getIn(path));
  };
  for (const issue of parsed.error?.issues ?? []) {
    for (const { path, found, allowed } of explain(issue, foundAt)) {
      report(path.length === 0 ? 0 : (keyOffset(document, path) ?? offsetOf(path)), path, found, allowed);
    }
  }
  for (const [path, id] of duplicates(value))
    report(offsetOf(path), path, id, 'an id that no other camera has');
  if (!parsed.success || problems.length > 0) {
    return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, config: build(parsed.data) };
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
      return issue.keys.map((key) => {
        const at = [...path, key];
        const later = NOT_YET[at.map((part) => (typeof part === 'number' ? '*' : part)).join('.')];
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

function duplicates(value: unknown): [Path, string][] {
  const cameras = (value as { cameras?: unknown }).cameras;
  const seen = new Set<string>();
  const found: [Path, string][] = [];
  for (const [index, camera] of (Array.isArray(cameras) ? cameras : []).entries()) {
    const id = (camera as { id?: unknown } | null)?.id;
    if (typeof id !== 'string') continue;
    if (seen.has(id)) found.push([['cameras', index, 'id'], JSON.stringify(id)]);
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

function build(file: ConfigFile): Config {
  const defaults = defaultConfig('data');
  const { record = {} } = file;
  const micros = (text: string | undefined, otherwise: number): number =>
    (text === undefined ? undefined : parseDuration(text)) ?? otherwise;
  return {
    server: parseListen(file.server?.listen ?? '') ?? defaults.server,
    catalog: { sqlite: resolve(file.catalog?.sqlite ?? defaults.catalog.sqlite) },
    storage: { path: resolve(file.storage?.local?.path ?? defaults.storage.path) },
    record: {
      segmentMicros: micros(record.segment, DEFAULT_RECORD.segmentMicros),
      fragmentMicros: micros(record.fragment, DEFAULT_RECORD.fragmentMicros),
      syncMicros: micros(record.sync, DEFAULT_RECORD.syncMicros),
      workers: record.workers ?? DEFAULT_RECORD.workers,
      bufferBytes:
        (record.buffer === undefined ? undefined : parseSize(record.buffer)) ?? DEFAULT_RECORD.bufferBytes,
    },
    ffmpegPath: file.ffmpeg?.path,
    logLevel: file.log?.level ?? defaults.logLevel,
    cameras: (file.cameras ?? []).map(({ id, name = id, source, enabled = true }) => ({
      id,
      name,
      source,
      enabled,
    })),
  };
}
