import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTransport, parseTransport, type TransportRequest } from '../../src/rtsp/transport.ts';

describe('the Transport header', () => {
  it('asks for channels, and F9 never for a mode', () => {
    expect(buildTransport({ lower: 'tcp', interleaved: { rtp: 2, rtcp: 3 } })).toBe(
      'RTP/AVP/TCP;unicast;interleaved=2-3',
    );
    expect(buildTransport({ lower: 'udp', clientPort: { rtp: 5000, rtcp: 5001 } })).toBe(
      'RTP/AVP;unicast;client_port=5000-5001',
    );
  });

  it('is read', () => {
    expect(
      parseTransport(
        'RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;source=10.0.0.9;ssrc=1A2B3C4D;mode="PLAY"',
      ),
    ).toEqual({
      lower: 'udp',
      interleaved: undefined,
      clientPort: { rtp: 5000, rtcp: 5001 },
      serverPort: { rtp: 6000, rtcp: 6001 },
      source: '10.0.0.9',
      ssrc: 0x1a2b3c4d,
      isMulticast: false,
    });
    expect(parseTransport('RTP/AVP;multicast;destination=239.0.0.1;port=5000-5001;ttl=1')?.isMulticast).toBe(
      true,
    );
  });

  it.each([
    ['0-1', { rtp: 0, rtcp: 1 }],
    ['4-7', { rtp: 4, rtcp: 7 }],
    ['3-2', { rtp: 3, rtcp: 2 }],
    ['255-254', { rtp: 255, rtcp: 254 }],
  ])('F1 the channels are those of the answer, B16 of any parity: %s', (text, interleaved) => {
    expect(parseTransport(`RTP/AVP/TCP;unicast;interleaved=${text}`)?.interleaved).toEqual(interleaved);
  });

  it.each(['256-257', '-1', 'a-b', '', '1-2-3', '0-256', '255'])('F1 no channels: %s', (text) => {
    expect(parseTransport(`RTP/AVP/TCP;unicast;interleaved=${text}`)).toMatchObject({
      lower: 'tcp',
      interleaved: undefined,
    });
  });

  it('F2 a single channel, parameters first, blanks everywhere', () => {
    expect(parseTransport('ssrc=7; interleaved = 6 ;RTP/AVP/TCP ; unicast;')).toMatchObject({
      lower: 'tcp',
      interleaved: { rtp: 6, rtcp: 7 },
      ssrc: 7,
    });
    expect(parseTransport(' RTP/AVP/TCP;interleaved= 0 - 1')?.interleaved).toEqual({ rtp: 0, rtcp: 1 });
  });

  it('F3 RTP/AVP with channels is TCP, and without anything it says nothing', () => {
    expect(parseTransport('RTP/AVP;unicast;interleaved=0-1')?.lower).toBe('tcp');
    expect(parseTransport('RTP/AVP;unicast')?.lower).toBeUndefined();
    expect(parseTransport('rtp/avp/tcp')?.lower).toBe('tcp');
    expect(parseTransport('RTP/AVP/UDP')?.lower).toBe('udp');
  });

  it.each([
    ['ssrc= d6d6627', 0xd6d6627],
    ['ssrc=0x10', 0x10],
    ['ssrc="FFFFFFFF"', 0xffffffff],
    ['ssrc=nonsense', undefined],
    ['ssrc=123456789', undefined],
    ['ssrc=', undefined],
    ['ssrc', undefined],
  ])('F4 %s', (parameter, ssrc) => {
    expect(parseTransport(`RTP/AVP/TCP;interleaved=0-1;${parameter}`)).toMatchObject({ lower: 'tcp', ssrc });
  });

  it('F5 an empty source is none', () => {
    expect(parseTransport('RTP/AVP;source=;server_port=6000')?.source).toBeUndefined();
  });

  it('F6 what is unknown is passed over, and of several transports the first counts', () => {
    expect(
      parseTransport('RTP/AVP/TCP;x-y="a;b,c";=;;interleaved=0-1;interleaved=8-9, RTP/AVP;client_port=1-2'),
    ).toMatchObject({ lower: 'tcp', interleaved: { rtp: 0, rtcp: 1 }, clientPort: undefined });
  });

  it.each(['server_port=0-0', 'server_port=0', 'x=1', 'server_port=65536-65537'])(
    'F12 no server port: %s',
    (parameter) => {
      expect(parseTransport(`RTP/AVP;unicast;client_port=5000-5001;${parameter}`)).toMatchObject({
        lower: 'udp',
        serverPort: undefined,
      });
    },
  );

  it('is nothing when there is nothing in it', () => {
    expect(parseTransport('')).toBeUndefined();
    expect(parseTransport(' , ')).toBeUndefined();
  });

  it('what is asked for is read back', () => {
    const pair = (min: number, max: number) =>
      fc.record({ rtp: fc.integer({ min, max }), rtcp: fc.integer({ min, max }) });
    const request: fc.Arbitrary<TransportRequest> = fc.oneof(
      pair(0, 255).map((interleaved) => ({ lower: 'tcp' as const, interleaved })),
      pair(1, 65_535).map((clientPort) => ({ lower: 'udp' as const, clientPort })),
    );
    fc.assert(
      fc.property(request, (asked) => {
        expect(parseTransport(buildTransport(asked))).toMatchObject(asked);
      }),
    );
  });

  it('never throws', () => {
    const piece = fc.constantFrom(
      'RTP/AVP',
      ';',
      ',',
      '=',
      '"',
      'interleaved=',
      'ssrc=',
      '0',
      '-',
      '\\',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (pieces) => {
        const transport = parseTransport(pieces.join(''));
        if (transport?.interleaved) expect(transport.interleaved.rtcp).toBeLessThanOrEqual(255);
      }),
    );
  });
});
