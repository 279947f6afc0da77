import { SenderClock } from '../../../src/time/sender-clock.ts';
import { monoMicros, wallMicros } from '../../../src/time/units.ts';
import { type FuzzTarget, hold } from '../target.ts';

const START = 1_795_453_200_000_000;
const RECORD_BYTES = 8;

/** Reports: two bytes of seconds since the last, four of what the camera's clock says in 1/64 s, two of a round trip. */
export const target: FuzzTarget = {
  name: 'sender-clock',
  maxBytes: 16 * 1024,
  cost: 2,
  tokens: [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 5, 0, 0, 1, 0x40, 0, 9],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const clock = new SenderClock();
    let mono = 0;
    let reports = 0;
    for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      mono += bytes.readUInt16BE(at) * 1_000_000;
      const told = bytes.readUInt32BE(at + 2) * 15_625;
      // The top bit of the trip: a clock of our time, more or less; otherwise any since 1970.
      const trip = bytes.readUInt16BE(at + 6);
      clock.report(wallMicros(trip & 0x8000 ? START + mono + (told % 2_000_000) : told), monoMicros(mono));
      clock.roundTrip(trip & 0x7fff);
      reports++;
      const reading = clock.reading(monoMicros(mono), wallMicros(START + mono));
      hold(reading !== null, 'a report tells something');
      hold(Number.isSafeInteger(reading.offsetMicros), `${reading.offsetMicros} is an offset`);
      hold(Number.isSafeInteger(reading.offsetErrorMicros), `${reading.offsetErrorMicros} is an error`);
      hold(reading.offsetErrorMicros >= 0, 'an error is not negative');
      const { rate } = clock;
      hold(
        rate === null || (Number.isFinite(rate.ppm) && Number.isFinite(rate.errorPpm)),
        'a rate is a number',
      );
      hold(rate === null || rate.errorPpm >= 0, 'nor is its error negative');
    }
    hold(clock.steps <= reports, 'steps are bounded');
  },
};
