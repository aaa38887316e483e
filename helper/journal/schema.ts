// The journal's tables, as numbered migrations. A migration that has landed is never edited: the next one mends it. Everything here can be
// rebuilt from the manifests and logs at any one place, so a column that no manifest can give back has no business here, except the queue.
// Long, because no migration is ever taken out again.

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- Where copies live. The id is the one in the drive's own place.json; the path is only where it was last seen.
  CREATE TABLE places (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    devices TEXT NOT NULL DEFAULT '[]',     -- JSON list: the physical devices below it when last seen
    volume TEXT NOT NULL DEFAULT '{}',      -- JSON: file system, label, medium, sync client
    added_ms INTEGER NOT NULL,
    last_seen_ms INTEGER,
    chain_length INTEGER NOT NULL DEFAULT 0,
    chain_head TEXT NOT NULL DEFAULT ''     -- hash of the last line of chain.jsonl that we know of
  );

  -- A folder that was backed up, with everything below it.
  CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL UNIQUE,             -- first part of its shoots' ids
    path TEXT NOT NULL,
    volume_id TEXT,                         -- what the file system calls itself, where it says
    path_on_volume TEXT,
    devices TEXT NOT NULL DEFAULT '[]',
    seen_ms INTEGER NOT NULL
  );

  -- Where a place calls a source by another name than the journal does (it was in use before we met it).
  CREATE TABLE labels (
    source_id INTEGER NOT NULL REFERENCES sources(id),
    place_id TEXT NOT NULL REFERENCES places(id),
    label TEXT NOT NULL,
    PRIMARY KEY (source_id, place_id)
  ) WITHOUT ROWID;

  CREATE TABLE shoots (
    id INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES sources(id),
    path_from_root TEXT NOT NULL,           -- '' for the root itself
    key TEXT NOT NULL UNIQUE,               -- the shoot id people see
    folded TEXT NOT NULL UNIQUE,            -- the same in lower case and NFC: what a drive may take for one name
    UNIQUE (source_id, path_from_root)
  );

  -- One path. size, mtime and ctime are what the original showed when it was last read; ctime is unknown after a rebuild.
  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    shoot_id INTEGER NOT NULL REFERENCES shoots(id),
    name TEXT NOT NULL,
    version_id INTEGER,                     -- the newest content
    size INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,
    ctime_ms REAL,
    gone_ms INTEGER,                        -- since when the original is not there any more
    UNIQUE (shoot_id, name)
  );

  -- One content of one path. The hash is the reference: the judge in every later dispute.
  CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files(id),
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,
    first_seen_ms INTEGER NOT NULL
  );
  CREATE INDEX versions_by_file ON versions (file_id);
  CREATE INDEX versions_by_hash ON versions (hash);

  -- One version at one place; 'working' stands for the original itself. Content that came back after a change can lie there twice.
  CREATE TABLE copies (
    version_id INTEGER NOT NULL REFERENCES versions(id),
    place_id TEXT NOT NULL,
    state TEXT NOT NULL,                    -- written, verified, damaged, missing
    path TEXT NOT NULL,                     -- below the shoot's folder at the place: the name, or Versions/…
    size INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,                 -- what the place's own file system showed after writing
    proven_ms INTEGER,
    proven_how TEXT,
    PRIMARY KEY (version_id, place_id, path)
  ) WITHOUT ROWID;
  CREATE INDEX copies_by_place ON copies (place_id, state);

  -- The newest sealed manifest of a shoot at a place.
  CREATE TABLE seals (
    shoot_id INTEGER NOT NULL REFERENCES shoots(id),
    place_id TEXT NOT NULL REFERENCES places(id),
    generation INTEGER NOT NULL,
    manifest_hash TEXT NOT NULL,
    sealed_ms INTEGER NOT NULL,
    PRIMARY KEY (shoot_id, place_id)
  ) WITHOUT ROWID;

  -- What is still to be done; written in the same transaction as the outcome that calls for it.
  CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,                     -- seal, re-read, protect
    shoot_id INTEGER NOT NULL DEFAULT 0,
    place_id TEXT NOT NULL DEFAULT '',
    payload TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    UNIQUE (kind, shoot_id, place_id, payload)
  );
  `,
  `
  -- Lightroom catalogs that have been heard of, and the highest photo id that each was answered for.
  CREATE TABLE catalogs (
    path TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL DEFAULT 0,
    roots TEXT NOT NULL DEFAULT '[]',       -- JSON list: its root folders, as Lightroom last told them
    last_seen_ms INTEGER NOT NULL,
    last_exit_ms INTEGER
  ) WITHOUT ROWID;

  -- Originals that Lightroom told us of and that are not proven anywhere yet: what is still owed.
  CREATE TABLE wanted (
    id INTEGER PRIMARY KEY,
    catalog TEXT NOT NULL,
    root TEXT NOT NULL,                     -- the root folder it lies under
    path_from_root TEXT NOT NULL,           -- its folder below that, '' for the root itself
    name TEXT NOT NULL,
    is_offline INTEGER NOT NULL,            -- Lightroom could not see it either
    why TEXT NOT NULL DEFAULT '',           -- what kept it from being protected the last time
    told_ms INTEGER NOT NULL,
    UNIQUE (root, path_from_root, name)
  );
  `,
  `
  -- Backups of catalogs at each place, as their catalog.json says; a rebuild reads them again.
  CREATE TABLE catalog_backups (
    place_id TEXT NOT NULL,
    name TEXT NOT NULL,                     -- folder below Catalogs/
    stamp TEXT NOT NULL,                    -- folder below that
    catalog TEXT NOT NULL,                  -- path of the live catalog
    taken_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL,                  -- good, suspect, bad
    reasons TEXT NOT NULL DEFAULT '[]',     -- JSON list of sentences
    counts TEXT NOT NULL DEFAULT '{}',      -- JSON
    hash TEXT NOT NULL,                     -- BLAKE3 of the .lrcat
    state TEXT NOT NULL,                    -- sizes and dates of the live files that it was taken of
    referenced INTEGER,                     -- originals that it names; unknown after a rebuild
    unproven INTEGER,                       -- of these, without a verified copy of their newest version at this place
    compared_ms INTEGER,                    -- when that was counted
    PRIMARY KEY (place_id, name, stamp)
  ) WITHOUT ROWID;

  -- Catalog backups that are still to be made: by catalog and place, '' for the first place there is.
  CREATE TABLE catalog_owed (
    catalog TEXT NOT NULL,
    place_id TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    why TEXT NOT NULL DEFAULT '',           -- what kept it from being made the last time
    PRIMARY KEY (catalog, place_id)
  ) WITHOUT ROWID;

  -- What the last backup of a catalog found that is to be shown with it.
  CREATE TABLE catalog_reports (
    catalog TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    report TEXT NOT NULL                    -- JSON
  ) WITHOUT ROWID;

  -- Lightroom's own backups that have been opened.
  CREATE TABLE lightroom_backups (
    file TEXT PRIMARY KEY,
    catalog TEXT NOT NULL,
    stamp TEXT NOT NULL,
    size INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    inspected_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- What a place needs besides its path, as JSON (a bucket: endpoint, region, AWS profile, machine id, what its probe found, lock wish …; no secret),
  -- and where it stands: '' beside the computer, 'off-site' elsewhere. A bucket is off-site unless the user says otherwise.
  ALTER TABLE places ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE places ADD COLUMN location TEXT NOT NULL DEFAULT '';

  -- Multipart uploads that have begun and are not finished. Written before the first part is sent; the orphan sweep spares them.
  CREATE TABLE uploads (
    place_id TEXT NOT NULL,
    key TEXT NOT NULL,
    upload_id TEXT NOT NULL,
    upload TEXT NOT NULL,                   -- JSON: what cuts and identifies it
    parts TEXT NOT NULL DEFAULT '[]',       -- JSON list: parts known to have arrived; may lag behind
    PRIMARY KEY (place_id, key)
  ) WITHOUT ROWID;

  -- What the bucket confirmed of each object of ours: photos, manifests, logs, catalogs. The copies table says the same of photos in the
  -- words of every place: 'written' is in flight, 'verified' is confirmed, proven by 'server checksum' or 'download'.
  CREATE TABLE objects (
    place_id TEXT NOT NULL,
    key TEXT NOT NULL,
    size INTEGER NOT NULL,
    blake3 TEXT NOT NULL,                   -- of the bytes as they were sent
    confirmed_ms INTEGER NOT NULL,          -- when the store last said so
    locked_until_ms INTEGER,                -- absent: not locked
    version_id TEXT,
    receipt TEXT NOT NULL,                  -- JSON: the whole receipt
    read_back_ms INTEGER,                   -- when its bytes were last read and hashed
    PRIMARY KEY (place_id, key)
  ) WITHOUT ROWID;
  `,
  `
  -- Rehearsed restores, each with all that it found. They are of this home: a rebuilt journal owes the next drill at once.
  CREATE TABLE drills (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,                 -- when it ended
    shoot_id INTEGER NOT NULL,
    place_id TEXT NOT NULL,
    ok INTEGER NOT NULL,
    report TEXT NOT NULL                    -- JSON: shared/methods.ts, DrillReport
  );
  CREATE INDEX drills_by_time ON drills (at_ms);

  -- Whether a content could be opened as the picture or film that its name says. Of the bytes, so it holds for every copy of them.
  CREATE TABLE openings (
    version_id INTEGER PRIMARY KEY,
    result TEXT NOT NULL,                   -- opened, broken, unknown
    why TEXT NOT NULL DEFAULT '',
    at_ms INTEGER NOT NULL
  );

  -- Cards that were asked about: which volume, what was on it (a digest of all hashes), what was answered, and to which shoots it belongs.
  CREATE TABLE cards (
    id INTEGER PRIMARY KEY,
    volume TEXT NOT NULL,
    content TEXT NOT NULL,
    label TEXT NOT NULL,
    checked_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    policy TEXT NOT NULL,
    shoots TEXT NOT NULL DEFAULT '[]',      -- JSON list of shoot ids
    UNIQUE (volume, content)
  );
  CREATE TABLE card_files (
    card_id INTEGER NOT NULL REFERENCES cards(id),
    file TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (card_id, file)
  ) WITHOUT ROWID;

  -- Copies that a scrub could not read, and when it tried: they must not come first for ever.
  CREATE TABLE scrub_tries (
    version_id INTEGER NOT NULL,
    place_id TEXT NOT NULL,
    path TEXT NOT NULL,
    tried_ms INTEGER NOT NULL,
    PRIMARY KEY (version_id, place_id, path)
  ) WITHOUT ROWID;
  `,
  `
  -- What the verdicts are made of, counted once and kept: a library of a million files must be judged in a blink. Within a shoot, files whose
  -- copies of their newest content are in the same places, in the same state, proven in the same hour, are one group. Any change to what a
  -- group is counted from marks its shoot as stale, by trigger, so that nobody can forget to; a stale shoot is counted again before it is
  -- judged. Whatever the clock says is judged later, from the group's own times.
  CREATE TABLE stale_shoots (shoot_id INTEGER PRIMARY KEY);
  CREATE TABLE shoot_summaries (
    shoot_id INTEGER PRIMARY KEY,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_ms REAL,                          -- dates of its oldest and newest file
    last_ms REAL,
    met_ms INTEGER,                         -- when the first of its contents was seen
    let_go INTEGER NOT NULL                 -- files that are left out of the groups
  );
  CREATE TABLE health_groups (
    shoot_id INTEGER NOT NULL,
    copies TEXT NOT NULL,                   -- lines: place, state, time of the proof (ms, never too late, at most an hour or a day too early), how
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (shoot_id, copies)
  ) WITHOUT ROWID;

  -- Since when an original is gone and no catalog names it any more: it was removed on purpose.
  ALTER TABLE files ADD COLUMN let_go_ms INTEGER;
  CREATE INDEX files_by_name ON files (name COLLATE NOCASE);

  CREATE TRIGGER copies_inserted AFTER INSERT ON copies BEGIN
    INSERT OR IGNORE INTO stale_shoots SELECT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id WHERE v.id = NEW.version_id;
  END;
  CREATE TRIGGER copies_updated AFTER UPDATE ON copies BEGIN
    INSERT OR IGNORE INTO stale_shoots SELECT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id WHERE v.id IN (OLD.version_id, NEW.version_id);
  END;
  CREATE TRIGGER copies_deleted AFTER DELETE ON copies BEGIN
    INSERT OR IGNORE INTO stale_shoots SELECT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id WHERE v.id = OLD.version_id;
  END;
  CREATE TRIGGER files_inserted AFTER INSERT ON files BEGIN
    INSERT OR IGNORE INTO stale_shoots VALUES (NEW.shoot_id);
  END;
  CREATE TRIGGER files_updated AFTER UPDATE ON files
    WHEN OLD.version_id IS NOT NEW.version_id OR OLD.size <> NEW.size OR OLD.mtime_ms <> NEW.mtime_ms OR OLD.gone_ms IS NOT NEW.gone_ms
      OR OLD.let_go_ms IS NOT NEW.let_go_ms OR OLD.name <> NEW.name OR OLD.shoot_id <> NEW.shoot_id
  BEGIN
    INSERT OR IGNORE INTO stale_shoots VALUES (NEW.shoot_id), (OLD.shoot_id);
  END;
  CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
    INSERT OR IGNORE INTO stale_shoots VALUES (OLD.shoot_id);
  END;
  INSERT INTO stale_shoots SELECT id FROM shoots;
  `,
  `
  -- An upsert hands its own way with conflicts down to the triggers that it fires, and "OR IGNORE" in them is not heard: whatever was marked
  -- twice failed. So each looks first.
  DROP TRIGGER copies_inserted;
  DROP TRIGGER copies_updated;
  DROP TRIGGER copies_deleted;
  DROP TRIGGER files_inserted;
  DROP TRIGGER files_updated;
  DROP TRIGGER files_deleted;
  CREATE TRIGGER copies_inserted AFTER INSERT ON copies BEGIN
    INSERT INTO stale_shoots SELECT DISTINCT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id
      WHERE v.id = NEW.version_id AND f.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  CREATE TRIGGER copies_updated AFTER UPDATE ON copies BEGIN
    INSERT INTO stale_shoots SELECT DISTINCT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id
      WHERE v.id IN (OLD.version_id, NEW.version_id) AND f.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  CREATE TRIGGER copies_deleted AFTER DELETE ON copies BEGIN
    INSERT INTO stale_shoots SELECT DISTINCT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id
      WHERE v.id = OLD.version_id AND f.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  CREATE TRIGGER files_inserted AFTER INSERT ON files BEGIN
    INSERT INTO stale_shoots SELECT NEW.shoot_id WHERE NEW.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  CREATE TRIGGER files_updated AFTER UPDATE ON files
    WHEN OLD.version_id IS NOT NEW.version_id OR OLD.size <> NEW.size OR OLD.mtime_ms <> NEW.mtime_ms OR OLD.gone_ms IS NOT NEW.gone_ms
      OR OLD.let_go_ms IS NOT NEW.let_go_ms OR OLD.name <> NEW.name OR OLD.shoot_id <> NEW.shoot_id
  BEGIN
    INSERT INTO stale_shoots SELECT NEW.shoot_id WHERE NEW.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
    INSERT INTO stale_shoots SELECT OLD.shoot_id WHERE OLD.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
    INSERT INTO stale_shoots SELECT OLD.shoot_id WHERE OLD.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  `,
  `
  -- Single files are looked for by day, too.
  CREATE INDEX files_by_day ON files (mtime_ms);
  `,
  `
  -- Which copy an object is; absent for manifests, logs and catalogs, which are no copies of a version.
  ALTER TABLE objects ADD COLUMN copy_version INTEGER;
  ALTER TABLE objects ADD COLUMN copy_path TEXT;
  CREATE INDEX objects_by_copy ON objects (place_id, copy_version);
  `,
  `
  -- Until when copies in a bucket are locked is part of what a verdict is made of; and the originals that are gone are found without looking at
  -- those that are not.
  CREATE INDEX files_gone ON files (gone_ms) WHERE gone_ms IS NOT NULL;
  CREATE TRIGGER objects_inserted AFTER INSERT ON objects WHEN NEW.copy_version IS NOT NULL AND NEW.locked_until_ms IS NOT NULL BEGIN
    INSERT INTO stale_shoots SELECT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id
      WHERE v.id = NEW.copy_version AND f.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  CREATE TRIGGER objects_updated AFTER UPDATE ON objects WHEN NEW.copy_version IS NOT NULL AND OLD.locked_until_ms IS NOT NEW.locked_until_ms BEGIN
    INSERT INTO stale_shoots SELECT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id
      WHERE v.id = NEW.copy_version AND f.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  INSERT INTO stale_shoots SELECT id FROM shoots WHERE id NOT IN (SELECT shoot_id FROM stale_shoots);
  `,
  `
  -- When a bucket last said that it still has a backup of a catalog; absent: not since it was sent.
  ALTER TABLE catalog_backups ADD COLUMN proven_ms INTEGER;
  `,
  `
  -- When each file of a catalog backup at a drive was last read and found right; 'working': of a live catalog, by its whole path.
  CREATE TABLE catalog_proofs (
    place_id TEXT NOT NULL,
    path TEXT NOT NULL,
    hash TEXT NOT NULL,
    proven_ms INTEGER NOT NULL,
    PRIMARY KEY (place_id, path)
  ) WITHOUT ROWID;

  -- A live catalog that looks as it did at its last backup, read again.
  CREATE TABLE catalog_lives (
    catalog TEXT PRIMARY KEY,
    hash TEXT NOT NULL,                     -- BLAKE3 of the .lrcat that its backup has
    proven_ms INTEGER NOT NULL,
    differs TEXT NOT NULL DEFAULT '[]'      -- JSON list of files that read otherwise under the same size and date
  ) WITHOUT ROWID;
  `,
  `
  -- Pictures that cannot be opened are few, and every status asks for them.
  CREATE INDEX openings_broken ON openings (version_id) WHERE result = 'broken';
  `,
  `
  -- Restores that wait until what was asked for from cold storage can be read. The helper goes on with them by itself.
  CREATE TABLE thaws (
    id INTEGER PRIMARY KEY,
    params TEXT NOT NULL UNIQUE,            -- JSON: the restore that goes on
    title TEXT NOT NULL,
    state TEXT NOT NULL,                    -- asking, waiting, done, ended
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    asked_ms INTEGER NOT NULL,
    ready_ms INTEGER NOT NULL,              -- about when it can be read
    next_ms INTEGER NOT NULL,               -- when it is looked at again
    ended_ms INTEGER,
    said TEXT NOT NULL DEFAULT ''           -- how it ended, or what stands in the way
  );
  CREATE TABLE thaw_objects (
    thaw_id INTEGER NOT NULL,
    place_id TEXT NOT NULL,
    path TEXT NOT NULL,                     -- below the place
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (thaw_id, place_id, path, hash)
  ) WITHOUT ROWID;
  `,
  `
  -- Since when an original that is gone is known to lie under another name: its content is counted there.
  ALTER TABLE files ADD COLUMN moved_ms INTEGER;
  DROP TRIGGER files_updated;
  CREATE TRIGGER files_updated AFTER UPDATE ON files
    WHEN OLD.version_id IS NOT NEW.version_id OR OLD.size <> NEW.size OR OLD.mtime_ms <> NEW.mtime_ms OR OLD.gone_ms IS NOT NEW.gone_ms
      OR OLD.let_go_ms IS NOT NEW.let_go_ms OR OLD.moved_ms IS NOT NEW.moved_ms OR OLD.name <> NEW.name OR OLD.shoot_id <> NEW.shoot_id
  BEGIN
    INSERT INTO stale_shoots SELECT NEW.shoot_id WHERE NEW.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
    INSERT INTO stale_shoots SELECT OLD.shoot_id WHERE OLD.shoot_id NOT IN (SELECT shoot_id FROM stale_shoots);
  END;
  `,
]
