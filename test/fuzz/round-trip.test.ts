import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessUnitSink } from '../../src/media/access-unit-sink.ts';
import { decodeFragmentIndex, encodeFragmentIndex } from '../../src/media/fragment-index.ts';
import { readFragmentHead } from '../../src/media/mp4/fragment-reader.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { parseChallenges } from '../../src/rtsp/authentication.ts';
import { parseHeaderLines } from '../../src/rtsp/headers.ts';
import { InterleavedReader } from '../../src/rtsp/interleaved-reader.ts';
import { Depacketizer } from '../../src/rtsp/depacketizer.ts';
import { buildRequest, buildResponse, parseResponseHead } from '../../src/rtsp/message.ts';
import { buildReceiverReport, isRtcp } from '../../src/rtsp/rtcp.ts';
import { createRtpHeader, readRtpHeader } from '../../src/rtsp/rtp-header.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { parseSession } from '../../src/rtsp/session-header.ts';
import { buildTransport, parseTransport } from '../../src/rtsp/transport.ts';
import { parseRtspUrl } from '../../src/rtsp/url.ts';
import { nalRole, type VideoCodec } from '../../src/simulator/nal-unit.ts';
import { packetizeUnit, patchFrame } from '../../src/simulator/packetizer.ts';
import { mediaTicks, wallMicros } from '../../src/time/units.ts';

/** What can be said in one way and read in one way comes back as it was, whatever it is. */
const RUNS = { numRuns: 300 };
/** No network is so small; parameter sets travel whole. */
const LEAST_PAYLOAD = 12;

const token = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
/** Of a quoted string: anything printable but what would end it. */
const quotable = fc.stringMatching(/^[ !#-[\]-~]{0,30}$/);

describe('pictures in packets', () => {
  /** Puts the NAL units of pictures together again. */
  class Collector implements AccessUnitSink {
    readonly units: { readonly nals: Buffer[]; readonly timestamp: number; readonly key: boolean }[] = [];
    readonly sets: Buffer[] = [];
    damaged = 0;
    #nals: Buffer[] = [];
    beginNal(): void {
      this.#nals.push(Buffer.alloc(0));
    }
    writeByte(value: number): void {
      this.#append(Buffer.from([value]));
    }
    write(source: Buffer, start: number, end: number): void {
      this.#append(source.subarray(start, end));
    }
    endNal(): void {}
    parameterSet(source: Buffer, start: number, end: number): void {
      this.sets.push(Buffer.from(source.subarray(start, end)));
    }
    endAccessUnit(timestamp: number, key: boolean): void {
      this.units.push({ nals: this.#nals, timestamp, key });
      this.#nals = [];
    }
    abandonAccessUnit(): void {
      this.damaged++;
      this.#nals = [];
    }
    #append(bytes: Buffer): void {
      this.#nals.push(Buffer.concat([this.#nals.pop() ?? Buffer.alloc(0), bytes]));
    }
  }

  const header: Readonly<Record<VideoCodec, (type: number) => number[]>> = {
    h264: (type) => [0x60 | type],
    h265: (type) => [type << 1, 1],
  };
  /** Begins a picture and is predicted, in both codecs. */
  const P_SLICE = 0b1101_0000;
  const TYPES = {
    h264: { sets: [7, 8], prefix: [6], key: 5, slices: [1] },
    h265: { sets: [32, 33, 34], prefix: [39], key: 19, slices: [0, 1, 8, 9] },
  } as const;

  /** Content of a NAL unit holds no start code and does not end with a zero. */
  const content = (maxLength: number) =>
    fc
      .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength })
      .map((bytes) => Buffer.from(bytes));

  const unitArbitrary = (codec: VideoCodec) => {
    const types = TYPES[codec];
    const nal = (of: readonly number[], maxLength: number) =>
      fc
        .tuple(fc.constantFrom(...of), content(maxLength))
        .map(([type, body]) => Buffer.from([...header[codec](type), ...body]));
    return fc
      .record({
        key: fc.boolean(),
        sets: fc.array(nal(types.sets, LEAST_PAYLOAD - 2), { maxLength: 3 }),
        prefix: fc.array(nal(types.prefix, 400), { maxLength: 2 }),
        slices: fc.array(fc.tuple(fc.constantFrom(...types.slices), content(3_000)), {
          minLength: 1,
          maxLength: 4,
        }),
      })
      .map(({ key, sets, prefix, slices }) => {
        const written = slices.map(([type, body], index) => {
          // The first slice of a picture says so, and no other one.
          const first = body[0] as number;
          const rest = body.subarray(1);
          const start = index === 0 ? P_SLICE | (first & 7) : (first & 0x7f) | 1;
          return Buffer.from([...header[codec](key ? types.key : type), start, ...rest]);
        });
        return { nals: [...sets, ...prefix, ...written], key };
      });
  };

  it.each(['h264', 'h265'] as const)('%s of any types and sizes, in packets of any size', (codec) => {
    fc.assert(
      fc.property(
        fc.array(unitArbitrary(codec), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: LEAST_PAYLOAD, max: 1_500 }),
        fc.nat(0xffff),
        fc.nat(0xffff_ffff),
        (units, most, firstSequence, firstTimestamp) => {
          const sink = new Collector();
          const depacketizer = new Depacketizer(codec, sink);
          const rtp = createRtpHeader();
          let sequence = firstSequence;
          // One more picture shows in any case that the one before has ended.
          const closing = { nals: [Buffer.from([...header[codec](1), P_SLICE, 1])], key: false };
          for (const [index, unit] of [...units, closing].entries()) {
            const frame = packetizeUnit(unit, codec, false, most);
            const timestamp = (firstTimestamp + index * 3_600) >>> 0;
            patchFrame(frame, { channel: 0, ssrc: 7, session: 0 }, sequence, timestamp, index);
            for (const at of frame.packetOffsets) {
              const end = at + 4 + frame.bytes.readUInt16BE(at + 2);
              expect(end - at - 16).toBeLessThanOrEqual(most);
              expect(readRtpHeader(frame.bytes, at + 4, end, rtp)).toBe(true);
              expect(rtp.sequence).toBe(sequence);
              sequence = (sequence + 1) & 0xffff;
              const { payloadStart, payloadEnd, marker } = rtp;
              depacketizer.packet(frame.bytes, payloadStart, payloadEnd, rtp.timestamp, marker, false);
            }
          }
          expect(sink.damaged).toBe(0);
          expect(sink.units.slice(0, units.length)).toEqual(
            units.map(({ nals, key }, index) => ({
              nals: nals.filter((nal) => nalRole(nal, codec) !== 'parameters'),
              timestamp: (firstTimestamp + index * 3_600) >>> 0,
              key,
            })),
          );
        },
      ),
      RUNS,
    );
  });
});

describe('what is said in a dialogue', () => {
  const headers = fc.dictionary(
    fc.stringMatching(/^X-[A-Za-z-]{1,20}$/),
    fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/),
    { maxKeys: 8 },
  );
  const lower = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).map(([name, value]) => [name.toLowerCase(), value] as const);

  it('requests and responses, with what follows them', () => {
    const method = fc.constantFrom('OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'GET_PARAMETER', 'TEARDOWN');
    fc.assert(
      fc.property(
        method,
        token,
        fc.nat(),
        headers,
        fc.string({ maxLength: 50 }),
        (name, path, cseq, given, body) => {
          const url = `rtsp://10.0.0.7/${path}`;
          const distinct = new Map(lower(given));
          const asked = buildRequest(name, url, cseq, Object.fromEntries(distinct), body);
          const request = parseResponseHead(asked, 0, asked.length);
          const answered = buildResponse(200, 'All right', cseq, Object.fromEntries(distinct), body);
          const response = parseResponseHead(answered, 0, answered.length);
          expect(request).toMatchObject({ kind: 'request', method: name, url, cseq });
          expect(response).toMatchObject({ kind: 'response', status: 200, reason: 'All right', cseq });
          for (const [read, bytes] of [
            [request, asked],
            [response, answered],
          ] as const) {
            if (read.kind !== 'request' && read.kind !== 'response') throw new Error(read.kind);
            expect(bytes.toString('utf8', read.headBytes, read.headBytes + read.contentLength)).toBe(
              Buffer.from(body, 'utf8').toString('utf8'),
            );
            for (const [header, value] of distinct) expect(read.headers.get(header)).toEqual([value]);
          }
        },
      ),
      RUNS,
    );
  });

  it('transports', () => {
    const pair = (least: number, most: number) =>
      fc.record({ rtp: fc.integer({ min: least, max: most }), rtcp: fc.integer({ min: least, max: most }) });
    fc.assert(
      fc.property(pair(0, 255), pair(1, 65_535), (interleaved, clientPort) => {
        expect(parseTransport(buildTransport({ lower: 'tcp', interleaved }))).toMatchObject({
          lower: 'tcp',
          interleaved,
        });
        expect(parseTransport(buildTransport({ lower: 'udp', clientPort }))).toMatchObject({
          lower: 'udp',
          clientPort,
        });
      }),
      RUNS,
    );
  });

  it('sessions', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-:<-~]{1,60}$/),
        fc.integer({ min: 1, max: 86_400 }),
        (id, timeoutSeconds) => {
          expect(parseSession(`${id};timeout=${timeoutSeconds}`)).toEqual({ id, timeoutSeconds });
        },
      ),
      RUNS,
    );
  });

  it('challenges, several in a line and several lines', () => {
    const digest = fc.record({
      scheme: fc.constant('digest' as const),
      realm: quotable,
      nonce: quotable,
      opaque: fc.option(quotable, { nil: undefined }),
      algorithm: fc.constantFrom('MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess' as const),
      qop: fc.constantFrom(undefined, 'auth', 'auth-int' as const),
      stale: fc.boolean(),
    });
    const basic = fc.record({ scheme: fc.constant('basic' as const), realm: quotable });
    const lines = fc.array(fc.array(fc.oneof(digest, basic), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(lines, (given) => {
        const written = given.map((challenges) =>
          challenges
            .map((challenge) => {
              if (challenge.scheme === 'basic') return `Basic realm="${challenge.realm}"`;
              const { realm, nonce, opaque, algorithm, qop, stale } = challenge;
              const fields = [
                `realm="${realm}"`,
                `nonce="${nonce}"`,
                `algorithm=${algorithm}`,
                `stale=${stale}`,
              ];
              if (opaque !== undefined) fields.push(`opaque="${opaque}"`);
              if (qop) fields.push(`qop="${qop}"`);
              return `Digest ${fields.join(', ')}`;
            })
            .join(', '),
        );
        const read = parseChallenges(parseHeaderLines(written.map((line) => `WWW-Authenticate: ${line}`)));
        expect(read).toMatchObject(given.flat());
      }),
      RUNS,
    );
  });

  it('URLs with a user', () => {
    const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 65_535 }), token, (user, password, port, path) => {
        const userPart = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
        expect(parseRtspUrl(`rtsp://${userPart}@10.0.0.7:${port}/${path}`)).toMatchObject({
          host: '10.0.0.7',
          port,
          credentials: { user, password },
          requestUrl: `rtsp://10.0.0.7:${port}/${path}`,
        });
      }),
      RUNS,
    );
  });

  it('session descriptions', () => {
    const media = fc.record({
      kind: fc.constantFrom('video', 'audio', 'application'),
      pt: fc.integer({ min: 96, max: 127 }),
      encoding: fc.constantFrom('H264', 'H265', 'MPEG4-GENERIC', 'VND.ONVIF.METADATA'),
      clockRate: fc.integer({ min: 1, max: 10_000_000 }),
      channels: fc.integer({ min: 1, max: 64 }),
      fmtp: fc.dictionary(fc.stringMatching(/^[a-z-]{1,16}$/), fc.stringMatching(/^[A-Za-z0-9+/=,]{1,40}$/), {
        maxKeys: 8,
      }),
      control: fc.option(token, { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(media, { maxLength: 6 }),
        fc.constantFrom('\r\n', '\n', '\r'),
        (given, lineEnd) => {
          const written = given.flatMap(({ kind, pt, encoding, clockRate, channels, fmtp, control }) => [
            `m=${kind} 0 RTP/AVP ${pt}`,
            `a=rtpmap:${pt} ${encoding}/${clockRate}/${channels}`,
            ...(Object.keys(fmtp).length === 0
              ? []
              : [
                  `a=fmtp:${pt} ${Object.entries(fmtp)
                    .map((entry) => entry.join('='))
                    .join(';')}`,
                ]),
            ...(control === undefined ? [] : [`a=control:${control}`]),
          ]);
          const sdp = parseSdp(['v=0', 's=-', 'a=control:*', ...written, ''].join(lineEnd));
          expect(sdp.control).toBe('*');
          expect(
            sdp.medias.map(({ kind, control, payloads }) => ({
              kind,
              control,
              ...(payloads[0] && { ...payloads[0], fmtp: Object.fromEntries(payloads[0].fmtp) }),
            })),
          ).toEqual(given.map((one) => ({ ...one, fmtp: { ...one.fmtp } })));
        },
      ),
      RUNS,
    );
  });

  it('frames and messages in any order, cut anywhere', () => {
    const frame = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 600 })).map(([channel, content]) => ({
      said: `$${channel} ${Buffer.from(content).toString('hex')}`,
      bytes: Buffer.from([0x24, channel, content.length >> 8, content.length & 0xff, ...content]),
    }));
    const message = fc
      .tuple(fc.integer({ min: 100, max: 999 }), fc.string({ maxLength: 300 }))
      .map(([status, body]) => ({
        said: `${status} ${Buffer.from(body).toString('hex')}`,
        bytes: buildResponse(status, 'So', 1, {}, body),
      }));
    const blank = fc.constant({ said: '', bytes: Buffer.from('\r\n') });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: frame }, message, blank), { maxLength: 12 }),
        fc.array(fc.nat(4_000), { maxLength: 12 }),
        (parts, cuts) => {
          const bytes = Buffer.concat(parts.map((part) => part.bytes));
          const said: string[] = [];
          const reader = new InterleavedReader({
            streaming: false,
            frame: (channel, buffer, start, end) =>
              said.push(`$${channel} ${buffer.toString('hex', start, end)}`),
            message: (head, body) =>
              said.push(`${head.kind === 'response' ? head.status : ''} ${body.toString('hex')}`),
            expects: () => false,
          });
          let at = 0;
          for (const cut of [
            ...cuts.filter((one) => one < bytes.length).toSorted((a, b) => a - b),
            bytes.length,
          ]) {
            const piece = Buffer.from(bytes.subarray(at, cut));
            expect(reader.read(piece, piece.length)).toBeUndefined();
            piece.fill(0xcc);
            at = cut;
          }
          expect(said).toEqual(parts.filter((part) => part.said !== '').map((part) => part.said));
        },
      ),
      RUNS,
    );
  });

  it('receiver reports are RTCP to the last byte', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.option(fc.nat(0xffff_ffff)),
        fc.string({ maxLength: 300 }),
        (ssrc, source, name) => {
          const block = {
            fractionLost: 1,
            cumulativeLost: -5,
            highestSequence: 9,
            jitter: 3,
            lastSenderReport: 0,
          };
          const report = buildReceiverReport(
            {
              ssrc,
              source: source === null ? undefined : { ssrc: source, ...block, delaySinceLastSenderReport: 0 },
            },
            name,
          );
          let at = 0;
          while (isRtcp(report, at, report.length)) at += 4 + report.readUInt16BE(at + 2) * 4;
          expect(at).toBe(report.length);
        },
      ),
      RUNS,
    );
  });
});

describe('what is written to disk', () => {
  const sample = fc.record({
    size: fc.integer({ min: 0, max: 2 ** 31 }),
    duration: fc.integer({ min: 0, max: 0xffff_ffff }),
    offset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    key: fc.boolean(),
  });

  it('heads of fragments, up to more than four gigabytes', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 40 }),
        fc.nat(0xffff_ffff),
        fc.integer({ min: 0, max: 2 ** 52 }),
        fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
        (list, sequence, mediaStart, wallStart) => {
          const samples = {
            count: list.length,
            sizes: Uint32Array.from(list, ({ size }) => size),
            durations: Uint32Array.from(list, ({ duration }) => duration),
            compositionOffsets: Int32Array.from(list, ({ offset }) => offset),
            keys: Uint8Array.from(list, ({ key }) => (key ? 1 : 0)),
          };
          const payloadBytes = list.reduce((sum, { size }) => sum + size, 0);
          const times = { mediaStart: mediaTicks(mediaStart), wallStart: wallMicros(wallStart) };
          const head = fragmentHead({ sequence, ...times, samples, payloadBytes });
          expect(readFragmentHead(head, 0)).toEqual({
            kind: 'head',
            head: {
              ...{
                totalBytes: head.length + payloadBytes,
                payloadOffset: head.length,
                payloadBytes,
                sequence,
              },
              ...{ ...times, durationTicks: list.reduce((sum, { duration }) => sum + duration, 0), samples },
            },
          });
          // Cut anywhere, it asks for more and never for what is not there.
          for (let length = 0; length < head.length; length++) {
            const reading = readFragmentHead(head.subarray(0, length), 0);
            if (reading.kind !== 'needs') throw new Error(`${length} of ${head.length}: ${reading.kind}`);
            expect(length + reading.bytes).toBeLessThanOrEqual(head.length + 8);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('indexes of fragments', () => {
    const entry = fc.record({
      bytes: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      durationTicks: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      samples: fc.integer({ min: 0, max: 2 ** 52 - 1 }),
      key: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const written = encodeFragmentIndex(entries);
        expect(decodeFragmentIndex(written)).toEqual(entries);
        if (written.length > 0) expect(decodeFragmentIndex(written.subarray(0, -1))).toBeUndefined();
      }),
      RUNS,
    );
  });
});
