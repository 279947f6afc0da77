import { Dice } from './dice.ts';

export interface MutationSource {
  readonly inputs: readonly Buffer[];
  readonly tokens: readonly Buffer[];
  readonly maxBytes: number;
}

const MAX_STACKED = 8;
/** What off-by-one, sign and width mistakes hang on; each is also tried negative. */
const INTERESTING = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 512, 1_000, 1_024,
] as const;
const INTERESTING_WIDE = [
  4_095, 4_096, 32_767, 32_768, 65_535, 65_536, 100_000, 0x7f_ffff, 0xff_ffff, 0x7fff_ffff, 0x8000_0000,
  0xffff_ffff,
] as const;
const INTERESTING_TEXT = [
  '0',
  '1',
  '-1',
  '255',
  '256',
  '65535',
  '65536',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '99999999999999999999',
  '1e9',
  '0x10',
  '',
  '00000000000000000000001',
] as const;

type Change = (bytes: Buffer, dice: Dice, source: MutationSource) => Buffer;

/** One input with one to eight changes; the same for the same seed and source. */
export function mutate(source: MutationSource, seed: number): Buffer {
  const dice = new Dice(seed);
  let bytes: Buffer = Buffer.from(dice.pick(source.inputs));
  const changes = 1 + dice.below(MAX_STACKED);
  for (let i = 0; i < changes; i++) {
    bytes = dice.pick(CHANGES)(bytes, dice, source);
    if (bytes.length > source.maxBytes) bytes = bytes.subarray(0, source.maxBytes);
  }
  return bytes;
}

const flipBit: Change = (bytes, dice) => {
  const at = dice.below(bytes.length);
  if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
  return bytes;
};

const replaceByte: Change = (bytes, dice) => {
  if (bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
};

const insertBytes: Change = (bytes, dice) => {
  const added = Buffer.alloc(1 + dice.below(8));
  for (let i = 0; i < added.length; i++) added[i] = dice.below(256);
  return inserted(bytes, dice.below(bytes.length + 1), added);
};

const deleteRange: Change = (bytes, dice) => {
  const { start, end } = range(bytes, dice);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
};

const truncate: Change = (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1));

const copyBlock: Change = (bytes, dice) => {
  const { start, end } = range(bytes, dice);
  bytes.copy(bytes, dice.below(bytes.length), start, end);
  return bytes;
};

const swapBlocks: Change = (bytes, dice) => {
  const [a = 0, b = 0, c = 0] = [0, 0, 0].map(() => dice.below(bytes.length + 1)).toSorted((x, y) => x - y);
  return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]);
};

/** Mostly a few times; sometimes until the input is as long as it may be, which is how slow parsers are found. */
const repeatBlock: Change = (bytes, dice, { maxBytes }) => {
  const { start, end } = dice.oneIn(2) ? range(bytes, dice) : shortRange(bytes, dice);
  if (end === start) return bytes;
  const most = Math.max(0, Math.floor((maxBytes - bytes.length) / (end - start)));
  const times = Math.min(most, dice.oneIn(8) ? most : 1 + dice.below(16));
  return inserted(bytes, end, Buffer.alloc(times * (end - start), bytes.subarray(start, end)));
};

const writeInteger: Change = (bytes, dice) => {
  const width = dice.pick([1, 2, 4] as const);
  if (bytes.length < width) return bytes;
  const at = dice.below(bytes.length - width + 1);
  const plain = dice.pick(dice.oneIn(2) ? INTERESTING : INTERESTING_WIDE);
  const value = (dice.oneIn(4) ? -plain : plain) & (width === 4 ? -1 : (1 << (8 * width)) - 1);
  if (dice.oneIn(2)) bytes.writeUIntBE(value >>> 0, at, width);
  else bytes.writeUIntLE(value >>> 0, at, width);
  return bytes;
};

/** A little more or less than what is there: lengths that are wrong by one. */
const addToInteger: Change = (bytes, dice) => {
  const width = dice.pick([1, 2, 4] as const);
  if (bytes.length < width) return bytes;
  const at = dice.below(bytes.length - width + 1);
  const value = bytes.readUIntBE(at, width) + dice.below(9) - 4;
  bytes.writeUIntBE(((value % 2 ** (8 * width)) + 2 ** (8 * width)) % 2 ** (8 * width), at, width);
  return bytes;
};

const writeNumber: Change = (bytes, dice) => {
  const numbers = [...bytes.subarray(0, 4_096).toString('latin1').matchAll(/\d+/g)];
  if (numbers.length === 0) return bytes;
  const { index, 0: digits } = dice.pick(numbers);
  const text = Buffer.from(dice.pick(INTERESTING_TEXT));
  return Buffer.concat([bytes.subarray(0, index), text, bytes.subarray(index + digits.length)]);
};

const splice: Change = (bytes, dice, { inputs }) => {
  const other = dice.pick(inputs);
  return Buffer.concat([
    bytes.subarray(0, dice.below(bytes.length + 1)),
    other.subarray(dice.below(other.length + 1)),
  ]);
};

const insertToken: Change = (bytes, dice, { tokens }) =>
  tokens.length === 0 ? bytes : inserted(bytes, dice.below(bytes.length + 1), dice.pick(tokens));

const writeToken: Change = (bytes, dice, { tokens }) => {
  if (tokens.length > 0) dice.pick(tokens).copy(bytes, dice.below(bytes.length));
  return bytes;
};

const CHANGES: readonly Change[] = [
  ...[flipBit, replaceByte, insertBytes, deleteRange, truncate, copyBlock, swapBlocks, repeatBlock],
  ...[writeInteger, addToInteger, writeNumber, splice, insertToken, writeToken],
];

function inserted(bytes: Buffer, at: number, added: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
}

function range(bytes: Buffer, dice: Dice): { start: number; end: number } {
  const start = dice.below(bytes.length + 1);
  return { start, end: start + dice.below(bytes.length - start + 1) };
}

function shortRange(bytes: Buffer, dice: Dice): { start: number; end: number } {
  const start = dice.below(bytes.length + 1);
  return { start, end: Math.min(bytes.length, start + 1 + dice.below(4)) };
}
