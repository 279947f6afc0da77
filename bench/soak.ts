/** `npm run soak -- --hours 8 [--cameras N]`: does it stay as it is, hour after hour, with faults on? */
import { soak } from './soak/soak.ts';

process.exitCode = await soak(process.argv.slice(2));
