import type { ClipSpec } from './ensure-clip.ts';
import type { Scene } from './scene.ts';

/** The cameras of a first start without a configuration. */
export const DEMO_CAMERAS: readonly { readonly id: string; readonly name: string; readonly scene: Scene }[] =
  [
    { id: 'rue-de-la-gare', name: 'Rue de la Gare', scene: 'day' },
    { id: 'place-du-marche', name: 'Place du Marché', scene: 'busy' },
    { id: 'quai-de-nuit', name: 'Quai, de nuit', scene: 'night' },
    { id: 'pont-sous-la-pluie', name: 'Pont sous la pluie', scene: 'rain' },
  ];

/** Small enough to be made in seconds on two cores. */
export const demoClip = (scene: Scene): ClipSpec => ({
  codec: 'h264',
  width: 1280,
  height: 720,
  fps: 25,
  gopFrames: 50,
  frames: 200,
  bitrateBps: 2_000_000,
  scene,
});
