import { type MonoMicros, monoMicros, type WallMicros, wallMicros } from './units.ts';

/** The two clocks of the machine, handed in wherever time is needed so that thirty days can pass in a test. */
export interface Clock {
  wall(): WallMicros;
  mono(): MonoMicros;
}

export const systemClock: Clock = {
  wall: () => wallMicros(Date.now() * 1000),
  mono: () => monoMicros(Math.round(performance.now() * 1000)),
};
