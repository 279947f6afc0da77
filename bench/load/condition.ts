import type { Load, LoadMotion } from './load.ts';

/** What our server does beside recording while it is measured. Other recorders only record. */
export interface Condition {
  /** As on the command line: `plain`, or what is on, with a plus between. */
  readonly name: string;
  readonly motion: LoadMotion;
  /** What is recorded is brought to the object store meanwhile. */
  readonly stored: boolean;
}

const WORDS = ['motion', 'sub-streams', 's3'] as const;
type Word = (typeof WORDS)[number];

/** Recording, and nothing beside it. */
export const PLAIN: Condition = { name: 'plain', motion: 'off', stored: false };

/** The one that the flags of a bench make. */
export function conditionOf({ motion, store }: Load): Condition {
  const words = new Set<Word>();
  if (motion === 'key-frames') words.add('motion');
  if (motion === 'sub-stream') words.add('sub-streams');
  if (store) words.add('s3');
  return made(words);
}

/** A list as in `plain,motion,motion+s3`, each once; a sentence when it is wrong. */
export function parseConditions(text: string): readonly Condition[] | string {
  const conditions = new Map<string, Condition>();
  for (const part of text.split(',')) {
    const condition = parseCondition(part.trim());
    if (typeof condition === 'string') return condition;
    conditions.set(condition.name, condition);
  }
  return [...conditions.values()];
}

function parseCondition(text: string): Condition | string {
  if (text === PLAIN.name) return PLAIN;
  const words = new Set<Word>();
  for (const name of text.split('+')) {
    if (name === PLAIN.name) return `--each ${text}: plain is recording with nothing beside it.`;
    const word = WORDS.find((known) => known === name);
    if (word === undefined)
      return `--each ${text} is not understood. Allowed: plain, ${WORDS.join(', ')}, and several as in motion+s3.`;
    words.add(word);
  }
  if (words.has('motion') && words.has('sub-streams'))
    return `--each ${text}: motion detection looks at key frames or at a second stream, not at both.`;
  return made(words);
}

function made(words: ReadonlySet<Word>): Condition {
  if (words.size === 0) return PLAIN;
  const onKeyFrames = words.has('motion') ? 'key-frames' : 'off';
  return {
    name: WORDS.filter((word) => words.has(word)).join('+'),
    motion: words.has('sub-streams') ? 'sub-stream' : onKeyFrames,
    stored: words.has('s3'),
  };
}

/** The same load, under this condition. */
export const loadUnder = (load: Load, { motion, stored }: Condition): Load => ({
  ...{ ...load, motion },
  store: stored ? load.store : undefined,
});

/** In a sentence, with a blank before it: nothing for `plain`. */
export function withWords(condition: string): string {
  const words = condition.split('+').map((word) => SAID[word] ?? word);
  return condition === PLAIN.name ? '' : ` with ${words.join(' and ')}`;
}

const SAID: Readonly<Record<string, string>> = { 'sub-streams': 'motion on sub-streams', s3: 'S3' };
