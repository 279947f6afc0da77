import { useState } from 'react';
import type { CameraJson } from './api.ts';
import { CameraCard } from './camera-card.tsx';

/** From so many on they are looked for by name, and their pictures are small. */
const MANY = 12;

type Which = 'all' | 'moving' | 'failing';

/** All cameras; of many, those that are looked for. */
export function CameraList(props: {
  readonly cameras: readonly CameraJson[];
  readonly selected: string | undefined;
  /** Where something moves now. */
  readonly moving: ReadonlySet<string>;
  readonly onSelect: (id: string) => void;
}) {
  const { cameras, selected, moving, onSelect } = props;
  const [words, setWords] = useState('');
  const [which, setWhich] = useState<Which>('all');
  const many = cameras.length > MANY;
  const shown = many ? camerasLike(cameras, words, which, moving) : cameras;
  return (
    <nav aria-label="Cameras" data-many={many}>
      {many && (
        <div className="finder">
          <input
            type="search"
            placeholder={`Find in ${cameras.length} cameras`}
            aria-label="Find a camera"
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <select
            aria-label="Which cameras"
            value={which}
            onChange={(event) => setWhich(event.target.value as Which)}
          >
            <option value="all">all</option>
            <option value="moving">motion now</option>
            <option value="failing">not recording</option>
          </select>
        </div>
      )}
      {shown.map((camera) => (
        <CameraCard
          key={camera.id}
          camera={camera}
          selected={camera.id === selected}
          moving={moving.has(camera.id)}
          onSelect={() => onSelect(camera.id)}
        />
      ))}
      {shown.length === 0 && cameras.length > 0 && <p className="hint">No camera is like that.</p>}
    </nav>
  );
}

/** Those that have every word in their name or id. */
function camerasLike(
  cameras: readonly CameraJson[],
  words: string,
  which: Which,
  moving: ReadonlySet<string>,
): readonly CameraJson[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return cameras.filter(({ id, name, state }) => {
    if (which === 'moving' && !moving.has(id)) return false;
    if (which === 'failing' && (state === 'recording' || state === 'disabled')) return false;
    const text = `${name} ${id}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
