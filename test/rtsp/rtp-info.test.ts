import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRtpInfo, parseRtpInfo } from '../../src/rtsp/rtp-info.ts';

const NOTHING = { url: undefined, sequence: undefined, rtpTime: undefined, ssrc: undefined };

describe('RTP-Info', () => {
  it('is read', () => {
    expect(
      parseRtpInfo(
        'url=rtsp://h/s/trackID=1;seq=1000;rtptime=2345678,url=rtsp://h/s/trackID=2;seq=65535;rtptime=4294967295',
      ),
    ).toEqual([
      { ...NOTHING, url: 'rtsp://h/s/trackID=1', sequence: 1000, rtpTime: 2_345_678 },
      { ...NOTHING, url: 'rtsp://h/s/trackID=2', sequence: 65_535, rtpTime: 4_294_967_295 },
    ]);
  });

  it.each([
    ['', []],
    [';;,', []],
    [' url = /trackID=1 ; seq = 7 ; ', [{ ...NOTHING, url: '/trackID=1', sequence: 7 }]],
    ['url="rtsp://h/a,b;c";seq=7;session=9;', [{ ...NOTHING, url: 'rtsp://h/a,b;c', sequence: 7 }]],
    ['rtsp://h/trackID=1;rtptime=5', [{ ...NOTHING, url: 'rtsp://h/trackID=1', rtpTime: 5 }]],
    ['trackID=1;seq=9', [{ ...NOTHING, url: 'trackID=1', sequence: 9 }]],
    ['seq=9;rtptime=5', [{ ...NOTHING, sequence: 9, rtpTime: 5 }]],
  ])('G2 %j', (text, entries) => {
    expect(parseRtpInfo(text)).toEqual(entries);
  });

  it.each(['0', '1', '65536', '-4', 'x', ''])('G3 seq=%s is no hint', (value) => {
    expect(parseRtpInfo(`url=/a;seq=${value}`)).toEqual([{ ...NOTHING, url: '/a' }]);
  });

  it.each(['-1823456', '0', '4294967296', '1e5', '', '99999999999999999999'])(
    'G4 rtptime=%s is no hint',
    (value) => {
      expect(parseRtpInfo(`url=/a;rtptime=${value}`)).toEqual([{ ...NOTHING, url: '/a' }]);
    },
  );

  it('G5 may be the only place of the SSRC', () => {
    expect(parseRtpInfo('url=trackID=1;seq=2;ssrc=9D3F00A1')[0]?.ssrc).toBe(0x9d3f00a1);
  });

  it('G6 entries for other streams are left where they are', () => {
    const entries = parseRtpInfo(
      'url=rtsp://h/s/t1;seq=10,url=rtsp://h/s/t2;seq=20,url=rtsp://h/s/t3;seq=30',
    );
    expect(findRtpInfo(entries, 'rtsp://h/s/t2')?.sequence).toBe(20);
    expect(findRtpInfo(entries, 'rtsp://h/s/t4')).toBeUndefined();
  });

  it('D8 a URL with a wrong host, a bare path or a slash too many still finds its media', () => {
    const entries = parseRtpInfo('url=rtsp://192.168.77.3:554/x/t1/;seq=10,url=t2;seq=20');
    expect(findRtpInfo(entries, 'rtsp://h/s/t1')?.sequence).toBe(10);
    expect(findRtpInfo(entries, 'rtsp://h/s/t2')?.sequence).toBe(20);
  });

  it('G7 is no hint when two entries would do', () => {
    const entries = parseRtpInfo('url=rtsp://a/t1;seq=10,url=rtsp://b/t1;seq=20');
    expect(findRtpInfo(entries, 'rtsp://h/s/t1')).toBeUndefined();
    expect(findRtpInfo(entries, 'rtsp://b/t1')?.sequence).toBe(20);
    expect(findRtpInfo([], 'rtsp://b/t1')).toBeUndefined();
  });

  it('G7 never throws and stays within its bounds', () => {
    const piece = fc.constantFrom('url=', 'seq=', 'rtptime=', ';', ',', '"', '7', '-', 'rtsp://h/t', '=');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (pieces) => {
        for (const entry of parseRtpInfo(pieces.join(''))) {
          expect(entry.sequence ?? 0).toBeLessThanOrEqual(0xffff);
          expect(entry.rtpTime ?? 0).toBeLessThanOrEqual(0xffff_ffff);
        }
      }),
    );
  });
});
