/** What happened before the cameras, when anybody looked, and who is to be told. */
export const MOTION = `
-- Something that happened before a camera, or to it. An event is at most 620 s long: what lasts longer is cut into pieces
-- of ten minutes. So what overlaps a range is found by its start alone, in one seek and a walk that ends 620 s on.
CREATE TABLE event (
  -- AUTOINCREMENT: whoever was told of a number must not find another event under it later.
  event_no INTEGER PRIMARY KEY AUTOINCREMENT,
  camera_no INTEGER NOT NULL REFERENCES camera,
  "from" INTEGER NOT NULL CHECK ("from" >= 0),
  -- NULL while it lasts: there are few of those, and event_open has them, however old they are.
  "to" INTEGER CHECK ("to" > "from" AND "to" - "from" <= 620000000),
  -- One of EventKind: new kinds must not need a migration.
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  -- 1: it goes on from the piece before, of the same camera and kind, which ends where this begins.
  continues INTEGER NOT NULL CHECK (continues IN (0, 1)),
  -- The most that was seen at once.
  score REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
  -- Around all of it: left, top, width and height in shares of the picture, 16 bits each, 65535 for 1, big-endian.
  box BLOB CHECK (box IS NULL OR length(box) = 8),
  -- JSON array of the names of the zones that it touched.
  zones TEXT NOT NULL CHECK (json_type(zones) = 'array'),
  -- When this row was last written, made unique and growing: who was told up to here is told what is behind.
  changed INTEGER NOT NULL UNIQUE
) STRICT;

-- Of one camera by time, and of all.
CREATE INDEX event_camera ON event (camera_no, "from");
CREATE INDEX event_time ON event ("from");
-- Nearly all are motion, and the others must be found between them.
CREATE INDEX event_rare ON event (kind, "from") WHERE kind <> 'motion';
CREATE INDEX event_rare_camera ON event (camera_no, kind, "from") WHERE kind <> 'motion';
-- A camera has one of a kind at a time.
CREATE UNIQUE INDEX event_open ON event (camera_no, kind) WHERE "to" IS NULL;

-- Which events touched a zone of that name, by time. Kept by the triggers below, from event.zones.
CREATE TABLE event_zone (
  zone TEXT NOT NULL,
  "from" INTEGER NOT NULL,
  event_no INTEGER NOT NULL,
  PRIMARY KEY (zone, "from", event_no)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_entered AFTER INSERT ON event BEGIN
  INSERT OR IGNORE INTO event_zone SELECT value, new."from", new.event_no FROM json_each(new.zones);
END;
CREATE TRIGGER event_touched AFTER UPDATE OF zones ON event WHEN new.zones <> old.zones BEGIN
  DELETE FROM event_zone WHERE zone IN (SELECT value FROM json_each(old.zones))
    AND "from" = old."from" AND event_no = old.event_no;
  INSERT OR IGNORE INTO event_zone SELECT value, new."from", new.event_no FROM json_each(new.zones);
END;
CREATE TRIGGER event_forgotten AFTER DELETE ON event BEGIN
  DELETE FROM event_zone WHERE zone IN (SELECT value FROM json_each(old.zones))
    AND "from" = old."from" AND event_no = old.event_no;
END;

-- That somebody looked. Without a row nobody did, which is not the same as that nothing moved. A city's month has 9.4
-- million of them, which are summed up for timelines: narrow, and what is wide stands in heat.
CREATE TABLE looked (
  camera_no INTEGER NOT NULL REFERENCES camera,
  -- A whole minute of UTC.
  minute INTEGER NOT NULL CHECK (minute >= 0 AND minute % 60000000 = 0),
  -- Pictures that the detector was given, those of them in which something moved, and those that were passed over.
  pictures INTEGER NOT NULL CHECK (pictures >= 0),
  moving INTEGER NOT NULL CHECK (moving BETWEEN 0 AND pictures),
  passed INTEGER NOT NULL CHECK (passed >= 0),
  PRIMARY KEY (camera_no, minute)
) STRICT, WITHOUT ROWID;

-- Where in the picture something moved in that minute: 16 columns, 9 rows, a byte each. No row where nothing did.
CREATE TABLE heat (
  camera_no INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  heat BLOB NOT NULL CHECK (length(heat) = 144),
  PRIMARY KEY (camera_no, minute),
  FOREIGN KEY (camera_no, minute) REFERENCES looked ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What a webhook has not been told yet. Gone when it has, when it is too old, and with its event: nothing of an event may
-- outlive it. What is sent is made from the event, so this is narrow.
CREATE TABLE delivery (
  -- The order in which they are sent.
  delivery_no INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Stands for the webhook: see hookKey. Not its address, which may hold a password.
  hook TEXT NOT NULL CHECK (length(hook) BETWEEN 1 AND 64),
  -- Sent along, the same at each try: by it a receiver knows what it has had.
  id TEXT NOT NULL CHECK (length(id) = 36),
  event_no INTEGER NOT NULL REFERENCES event ON DELETE CASCADE,
  -- 0: that it began, 1: that it ended.
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  created INTEGER NOT NULL CHECK (created >= 0),
  -- How often it was tried, and before when it is not tried again.
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  due INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX delivery_order ON delivery (hook, delivery_no);
CREATE UNIQUE INDEX delivery_event ON delivery (event_no, hook, ended);

-- Up to when the footage of a camera was looked through by a rule that removes what nothing happened in.
CREATE TABLE swept (
  camera_no INTEGER NOT NULL REFERENCES camera,
  -- The rule in its own words: another rule begins anew.
  rule TEXT NOT NULL CHECK (length(rule) BETWEEN 1 AND 200),
  -- "until" is not included.
  until INTEGER NOT NULL CHECK (until >= 0),
  PRIMARY KEY (camera_no, rule)
) STRICT, WITHOUT ROWID;
`;
