import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAmf0, encodeAmf0 } from '../../src/rtmp/amf0.ts';
import { parseCommand } from '../../src/rtmp/command.ts';
import { digestKey, keyMatches } from '../../src/rtmp/stream-key.ts';
import { parseStreamName } from '../../src/rtmp/stream-name.ts';
import { amf } from '../support/rtmp-client.ts';

const command = (...values: readonly Parameters<typeof amf>[0][]) =>
  parseCommand(Buffer.concat(values.map(amf)), false);

describe('AMF0', () => {
  it('reads every type that encoders send', () => {
    const bytes = Buffer.concat([
      amf(1.5),
      Buffer.of(1, 1),
      amf('é'),
      amf({ a: 'b', __proto__: 'c' }),
      Buffer.of(5, 6),
      Buffer.of(8, 0, 0, 0, 1, 0, 1, 97, 5, 0, 0, 9),
      Buffer.of(10, 0, 0, 0, 2, 5, 1, 0),
      Buffer.concat([Buffer.of(11), amf(7).subarray(1), Buffer.of(0, 0)]),
      Buffer.of(12, 0, 0, 0, 1, 97),
      Buffer.of(16, 0, 1, 97, 0, 0, 9),
    ]);
    expect(decodeAmf0(bytes)).toEqual([
      1.5,
      true,
      'é',
      new Map([['a', 'b']]),
      null,
      null,
      new Map([['a', null]]),
      new Map<string, unknown>([
        ['0', null],
        ['1', false],
      ]),
      7,
      'a',
      new Map(),
    ]);
  });

  it('L7: an object cannot reach a prototype', () => {
    const bytes = Buffer.concat([
      Buffer.of(3, 0, 9),
      Buffer.from('__proto__'),
      amf({ polluted: 'yes' }),
      Buffer.of(0, 0, 9),
    ]);
    expect(decodeAmf0(bytes)?.[0]).toEqual(new Map([['__proto__', new Map([['polluted', 'yes']])]]));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['cut short', amf('connect').subarray(0, 5)],
    ['of a type that there is not', Buffer.of(99)],
    ['a reference', Buffer.of(7, 0, 0)],
    ['an object without an end', Buffer.of(3, 0, 1, 97, 5)],
    ['nested without end', Buffer.concat(Array.from({ length: 2_000 }, () => Buffer.of(3, 0, 1, 97)))],
    ['an array of four billion', Buffer.concat([Buffer.of(10, 255, 255, 255, 255), Buffer.alloc(2_000, 5)])],
    ['a string longer than there is', Buffer.of(12, 255, 255, 255, 255, 97)],
  ])('L7: what is %s is no AMF0', (_what, bytes) => {
    expect(decodeAmf0(bytes)).toBeUndefined();
    expect(parseCommand(bytes, false)).toMatchObject({ cause: 'protocol' });
  });

  it('L7: any bytes at all are read, or refused, without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, amf3) => {
        expect(parseCommand(Buffer.from(bytes), amf3).kind).toBeTypeOf('string');
      }),
    );
  });

  it('writes what it reads', () => {
    const values = ['connect', 1, null, { app: 'live' }] as const;
    expect(decodeAmf0(encodeAmf0(values))).toEqual(['connect', 1, null, new Map([['app', 'live']])]);
  });
});

describe('commands', () => {
  it('are what matters of them', () => {
    expect(command('connect', 1, { app: 'live', tcUrl: 'x' })).toEqual({
      kind: 'connect',
      transaction: 1,
      app: 'live',
    });
    expect(command('createStream', 4, null)).toEqual({ kind: 'create-stream', transaction: 4 });
    expect(command('publish', 5, null, 'gare?key=x', 'live')).toEqual({
      kind: 'publish',
      name: 'gare?key=x',
    });
    expect(command('play', 5, null, 'gare')).toEqual({ kind: 'play' });
    for (const name of ['FCUnpublish', 'deleteStream', 'closeStream'])
      expect(command(name, 5, null, 1)).toEqual({ kind: 'end' });
    for (const name of ['releaseStream', 'FCPublish', '_checkbw', 'anything'])
      expect(command(name, 5, null, 'x')).toEqual({ kind: 'other' });
  });

  it('may come as AMF3 that begins with 0, which is AMF0', () => {
    const bytes = Buffer.concat([amf('createStream'), amf(2), amf(null)]);
    expect(parseCommand(Buffer.concat([Buffer.of(0), bytes]), true)).toMatchObject({ kind: 'create-stream' });
    expect(parseCommand(Buffer.concat([Buffer.of(17), bytes]), true)).toMatchObject({ cause: 'protocol' });
  });

  it('L7: that lack what they need are refused, and a number that is none is 0', () => {
    for (const refused of [
      command('connect', 1),
      command('connect', 1, { app: 5 }),
      command('publish', 1, null),
      command(5, 1),
      parseCommand(Buffer.alloc(0), false),
    ])
      expect(refused).toMatchObject({ kind: 'problem', cause: 'protocol' });
    expect(command('createStream', Number.NaN)).toMatchObject({ transaction: 0 });
  });
});

describe('stream names', () => {
  it.each([
    ['live', 'gare?key=abc', 'gare', 'abc'],
    ['live/', 'gare?key=abc', 'gare', 'abc'],
    ['live?key=abc', 'gare', 'gare', 'abc'],
    ['live', 'gare?user=x&key=abc&b', 'gare', 'abc'],
    ['live?key=old', 'gare?key=abc', 'gare', 'abc'],
    ['live', 'gare', 'gare', ''],
    ['live', 'gare?key=', 'gare', ''],
    ['live', 'gare?key=a=b?c', 'gare', 'a=b?c'],
  ])('L12: %s and %s are a camera and a key', (app, name, cameraId, key) => {
    expect(parseStreamName(app, name)).toEqual({ cameraId, key });
  });

  it.each([
    ['vod', 'gare?key=abc'],
    ['live', ''],
    ['live', '?key=abc'],
    ['live', 'gare/x'],
    ['live', 'Gare'],
    ['live', '-gare'],
    ['live', `${'a'.repeat(65)}?key=abc`],
    ['live', `gare?key=${'a'.repeat(600)}`],
  ])('L12: %s and %s are not', (app, name) => {
    expect(parseStreamName(app, name)).toBeUndefined();
  });

  it('a key is right or wrong, of whatever length', () => {
    const digest = digestKey('abcdefghijklmnop');
    expect(keyMatches(digest, 'abcdefghijklmnop')).toBe(true);
    for (const key of ['', 'a', 'abcdefghijklmnoq', 'abcdefghijklmnopq'])
      expect(keyMatches(digest, key)).toBe(false);
  });
});
