import { describe, expect, it } from 'vitest';
import { fuzzDialogues } from './dialogue.ts';
import { fuzz, tryInput } from './execute.ts';
import { mutate } from './mutate.ts';
import { loadTargets } from './target.ts';

/** What CI tries is the same each time; `npm run fuzz` looks further. */
const SEED = 1_795_453_200;
const INPUTS = 3_000;
const DIALOGUES = 300;

const targets = await loadTargets();

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  it.each(target.corpus.map(({ file, bytes }) => [file, bytes] as const))('takes %s', async (file, bytes) => {
    expect(await tryInput(target.run, bytes, `${name}/${file}`)).toBeUndefined();
  });

  it('takes what is made of these', async () => {
    const most = Math.ceil(INPUTS / (target.cost ?? 1));
    const { executions, finding } = await fuzz(target, SEED, (count) => count >= most);
    expect(finding && { ...finding, bytes: finding.bytes.toString('hex') }).toBeUndefined();
    expect(executions).toBe(most);
  });
});

describe('the fuzzer', () => {
  it('has something valid to start from for each target', () => {
    expect(targets.filter(({ corpus }) => corpus.length === 0).map(({ name }) => name)).toEqual([]);
    expect(targets.length).toBeGreaterThan(40);
  });

  it('makes the same of the same seed, and keeps to the length', () => {
    const source = {
      inputs: [Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n'), Buffer.alloc(0), Buffer.from([1, 2, 3])],
      tokens: [Buffer.from('CSeq: ')],
      maxBytes: 600,
    };
    const made = Array.from({ length: 5_000 }, (_, seed) => mutate(source, seed).toString('hex'));
    expect(Array.from({ length: 5_000 }, (_, seed) => mutate(source, seed).toString('hex'))).toEqual(made);
    expect(new Set(made).size).toBeGreaterThan(2_500);
    expect(Math.max(...made.map((hex) => hex.length / 2))).toBe(600);
  });

  it('finds a length that is believed and a word that is not expected', async () => {
    const believing = (bytes: Buffer): void => {
      if (bytes.length > 2 && bytes.readUInt8(0) > 1) bytes.readUInt8(bytes.readUInt8(0));
    };
    const surprised = (bytes: Buffer): void => {
      if (bytes.includes('interleaved=')) throw new Error('not that');
    };
    for (const [run, corpus] of [
      [believing, Buffer.from([3, 9, 9, 9])],
      [surprised, Buffer.from('RTP/AVP/TCP')],
    ] as const) {
      const target = {
        name: 'planted',
        run,
        tokens: ['interleaved='],
        corpus: [{ file: 'a', bytes: corpus }],
      };
      const { finding } = await fuzz(target, SEED, (count) => count >= INPUTS);
      expect(finding?.error).toBeDefined();
      // What was found is enough to see it again.
      expect(await tryInput(run, finding?.bytes ?? Buffer.alloc(0), 'again')).toBeDefined();
    }
  });
});

describe('dialogues with bad cameras', () => {
  it('end, or can be ended, and leave nothing behind', async () => {
    const report = await fuzzDialogues(SEED, (count) => count >= DIALOGUES);
    expect(report.findings).toEqual([]);
    // Not all are so bad that nothing comes of them.
    expect(report.played).toBeGreaterThan(DIALOGUES / 10);
    expect(report.fragments).toBeGreaterThan(0);
  }, 120_000);
});
