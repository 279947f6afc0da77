/** The segment of a camera that is on at a moment, or that moment. */
const segmentAt = (cameraNo: string, at: string): string => `coalesce(
      (SELECT max(start) FROM segment WHERE camera_no = ${cameraNo} AND start <= ${at}), ${at})`;

/** Everything from the segment on that is on at a moment is to be judged again. */
const pullBack = (cameraNo: string, at: string): string => `UPDATE swept
    SET until = ${segmentAt(cameraNo, at)}
    WHERE camera_no = ${cameraNo} AND until > ${segmentAt(cameraNo, at)}`;

/**
 * Footage that is kept by what happened in it. A segment is judged once by each rule, in order of time, and `swept` says
 * up to where; what is learnt of footage that was judged already pulls that mark back to it.
 */
export const CLASSES = `
-- 1: the rules that had passed over what it kept know that it has ended.
ALTER TABLE hold ADD COLUMN settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1));
CREATE INDEX hold_unsettled ON hold (camera_no) WHERE settled = 0;

-- A minute that somebody looked at after all may be one in which nothing moved.
CREATE TRIGGER swept_looked AFTER INSERT ON looked BEGIN
  ${pullBack('new.camera_no', 'new.minute')};
END;

-- An event that has ended no longer covers all that came after it.
CREATE TRIGGER swept_event AFTER UPDATE OF "from", "to", kind ON event BEGIN
  ${pullBack('old.camera_no', 'old."from"')};
END;

-- One that nobody ever ended is forgotten when it is too old, and covers nothing from then on. Of one that has ended there is
-- no footage left to judge.
CREATE TRIGGER swept_event_gone AFTER DELETE ON event WHEN old."to" IS NULL BEGIN
  ${pullBack('old.camera_no', 'old."from"')};
END;

-- The clock was set back: it is older than what has been judged.
CREATE TRIGGER swept_segment AFTER INSERT ON segment BEGIN
  UPDATE swept SET until = new.start WHERE camera_no = new.camera_no AND until > new.start;
END;
`;
