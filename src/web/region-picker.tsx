import { type PointerEvent, type RefObject, useEffect, useState } from 'react';
import { pictureIn, type Region, regionBetween } from './timeline/motion-data.ts';

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** Lies over the picture: a rectangle can be drawn there, and the one that is searched is shown. */
export function RegionPicker(props: {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly region: Region | undefined;
  readonly drawing: boolean;
  readonly onRegion: (region: Region | undefined) => void;
}) {
  const { video, region, drawing, onRegion } = props;
  const area = usePictureArea(video);
  const [drag, setDrag] = useState<{ readonly from: Corner; readonly to: Corner }>();
  if (!area || (!drawing && !region)) return null;

  const cornerOf = (event: PointerEvent<HTMLDivElement>): Corner => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const shown = drag ? regionBetween(drag.from, drag.to) : region;
  return (
    <div
      className="region-area"
      data-testid="region-area"
      data-drawing={drawing}
      style={area}
      onPointerDown={(event) => {
        if (!drawing || event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const corner = cornerOf(event);
        setDrag({ from: corner, to: corner });
      }}
      onPointerMove={(event) => {
        if (drag) setDrag({ from: drag.from, to: cornerOf(event) });
      }}
      onPointerUp={(event) => {
        if (!drag) return;
        setDrag(undefined);
        const drawn = regionBetween(drag.from, cornerOf(event));
        if (drawn) onRegion(drawn);
      }}
      onPointerCancel={() => setDrag(undefined)}
    >
      {shown && (
        <div
          className="region"
          data-testid="region"
          style={{
            left: `${shown.x * 100}%`,
            top: `${shown.y * 100}%`,
            width: `${shown.width * 100}%`,
            height: `${shown.height * 100}%`,
          }}
        />
      )}
    </div>
  );
}

/** In pixels of the element's parent; `undefined` while there is no picture. */
function usePictureArea(video: RefObject<HTMLVideoElement | null>) {
  const [area, setArea] = useState<ReturnType<typeof pictureIn>>();
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    const measure = (): void => {
      const { clientWidth, clientHeight, videoWidth, videoHeight } = element;
      setArea(
        videoWidth === 0
          ? undefined
          : pictureIn(
              { width: clientWidth, height: clientHeight },
              { width: videoWidth, height: videoHeight },
            ),
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('loadedmetadata', measure);
    element.addEventListener('resize', measure);
    return () => {
      observer.disconnect();
      element.removeEventListener('loadedmetadata', measure);
      element.removeEventListener('resize', measure);
    };
  }, [video]);
  return area;
}
